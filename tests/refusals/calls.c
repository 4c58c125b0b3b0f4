/* calls.c - the table. A function whose arguments are like those of others is a line of a list. */
#include "calls.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <trine/mpi.h>

#include "core/reduce/typed.h"

_Alignas(64) unsigned char result[RESULT_BYTES];
void *made;

/* What arguments point at. `partial` lacks a function. */
static trine_team *team;
static trine_npy *file;
static const char *npy_path;
static trine_reducer sum, partial_sum;
static trine_map twice, partial_map;
static trine_scan_operator cumulate, partial_operator;
static trine_predicate positive, partial_predicate;
static const double four[5] = {0, 1, 2, 3, 4}, falling[5] = {1, 0, 2, 3, 4};
static const uint64_t sizes[] = {50, 100}, far_sizes[] = {INT64_MAX, INT64_MAX};
static const double halves[] = {0.5, 0.5}, beyond[] = {0.5, 1.5};

static void double_them(const trine_chunk *chunk, const void *param)
{
    const double *x = chunk->in[0];
    double *y = chunk->out[0];
    (void)param;
    for (int64_t i = 0; i < chunk->n; i++)
        y[i] = 2 * x[i];
}

static void keep_row(const trine_stencil_row *rows, const void *param)
{
    (void)param;
    memcpy(rows->out, rows->in[0], rows->n * sizeof(double));
}

static const trine_stencil row_stencil = {"row", 1, TRINE_F64, TRINE_F64, 0, keep_row},
                           wide_stencil = {"wide", 99, TRINE_F64, TRINE_F64, 0, keep_row};

static trine_status work(trine_task *task)
{
    (void)task;
    return TRINE_OK;
}

static const trine_task_kind tasks = {.name = "work", .run = work, .item_max = 8},
                             partial_kind = {.name = "partial", .item_max = 8};
static const trine_task_options unknown_transport = {TRINE_INIT(trine_task_options), .data = four,
                                                     .data_size = sizeof four,
                                                     .transport = TRINE_TRANSPORT_PIPE},
                                wide_window = {TRINE_INIT(trine_task_options), .window = INT64_MAX},
                                each = {TRINE_INIT(trine_task_options), .data = four,
                                        .data_size = sizeof four,
                                        .transport = TRINE_TRANSPORT_MESSAGE, .data_each = true};

trine_status calls_open(trine_team *opened, const char *path)
{
    const trine_reducer *reducer = trine_reducer_find("sum", TRINE_F64);
    const trine_predicate *predicate = trine_predicate_find("not_nan", TRINE_F64);
    trine_array *x = NULL;
    team = opened;
    npy_path = path;
    cumulate.size = sizeof cumulate;
    if (!reducer || !predicate || trine_scan_operator_find("cumsum", TRINE_F64, &cumulate))
        return TRINE_E_ARGUMENT;
    sum = partial_sum = *reducer;
    partial_sum.merge = NULL;
    twice = partial_map = (trine_map){
        TRINE_INIT(trine_map), .name = "twice",     .nin = 1, .nout = 1, .in = {TRINE_F64},
        .out = {TRINE_F64},    .apply = double_them};
    partial_map.apply = NULL;
    partial_operator = cumulate;
    partial_operator.reducer.finish = NULL;
    positive = partial_predicate = *predicate;
    partial_predicate.test = NULL;
    trine_status status = trine_array_create_2d(team, TRINE_F64, 64, 200, TRINE_DISTRIBUTED, &x);
    if (!status)
        status = trine_npy_save(x, path);
    trine_array_free(x);
    return status ? status : trine_npy_open(team, path, &file);
}

void calls_close(void)
{
    trine_npy_close(file);
    if (trine_team_rank(team) == 0)
        unlink(npy_path);
}

#define DT_f64 TRINE_F64
#define DT_f32 TRINE_F32
#define DT_i64 TRINE_I64
#define DT_i32 TRINE_I32
#define DT_u64 TRINE_U64
#define DT_u32 TRINE_U32
#define DT_i16 TRINE_I16
#define DT_u16 TRINE_U16
#define DT_i8 TRINE_I8
#define DT_u8 TRINE_U8

/* Arguments. */
#define IN(type)                                                                                   \
    {                                                                                              \
        .kind = ARRAY, .dtype = type                                                               \
    }
#define ANY(type)                                                                                  \
    {                                                                                              \
        .kind = ARRAY, .dtype = type, .any = true                                                  \
    }
#define OUT(type)                                                                                  \
    {                                                                                              \
        .kind = ARRAY, .dtype = type, .written = true                                              \
    }
#define ANY_OUT(type)                                                                              \
    {                                                                                              \
        .kind = ARRAY, .dtype = type, .any = true, .written = true                                 \
    }
#define SHAPED(type, form)                                                                         \
    {                                                                                              \
        .kind = ARRAY, .dtype = type, .shape = form                                                \
    }
#define SHAPED_OUT(type, form)                                                                     \
    {                                                                                              \
        .kind = ARRAY, .dtype = type, .shape = form, .written = true                               \
    }
#define ANY_SHAPED                                                                                 \
    {                                                                                              \
        .kind = ARRAY, .dtype = TRINE_F64, .shape = MATRIX_A, .any = true                          \
    }
#define ANY_SHAPED_OUT                                                                             \
    {                                                                                              \
        .kind = ARRAY, .dtype = TRINE_F64, .shape = MATRIX_A, .any = true, .written = true         \
    }
#define POINTER(good_one)                                                                          \
    {                                                                                              \
        .kind = OTHER, .good = {.pointer = good_one}, .bads = 1                                    \
    }
#define POINTER_OR(good_one, bad_one)                                                              \
    {                                                                                              \
        .kind = OTHER, .good = {.pointer = good_one}, .bads = 2, .bad = {                          \
            {NULL},                                                                                \
            {.pointer = bad_one}                                                                   \
        }                                                                                          \
    }
#define OPTION(good_one, bad_one)                                                                  \
    {                                                                                              \
        .kind = OTHER, .good = {.pointer = good_one}, .bads = 1, .bad = { {.pointer = bad_one} }   \
    }
#define ROOTS_OPTION(good_one, bad_one)                                                            \
    {                                                                                              \
        .kind = OTHER, .good = {.pointer = good_one}, .bads = 1, .bad = {{.pointer = bad_one}},    \
        .root = true                                                                               \
    }
#define OPTIONS(good_one, one, other)                                                              \
    {                                                                                              \
        .kind = OTHER, .good = {.pointer = good_one}, .bads = 2, .bad = {                          \
            {.pointer = one},                                                                      \
            {.pointer = other}                                                                     \
        }                                                                                          \
    }
#define NUMBER(good_one, bad_one)                                                                  \
    {                                                                                              \
        .kind = OTHER, .good = {.number = good_one}, .bads = 1, .bad = { {.number = bad_one} }     \
    }
#define WHOLE(good_one, one, other)                                                                \
    {                                                                                              \
        .kind = OTHER, .good = {.integer = good_one}, .bads = 2, .bad = {                          \
            {.integer = one},                                                                      \
            {.integer = other}                                                                     \
        }                                                                                          \
    }
#define RESULT POINTER(result)
#define RESULT_2 POINTER(result + RESULT_BYTES / 2)
#define MAY_BE_NULL(good_one)                                                                      \
    {                                                                                              \
        .kind = OTHER, .good = {.pointer = good_one }                                              \
    }
#define ROOTS                                                                                      \
    {                                                                                              \
        .kind = OTHER, .good = {.pointer = result}, .bads = 1, .root = true                        \
    }
#define MADE POINTER(&made)
#define MODE WHOLE(TRINE_EXACT, -1, 99)
#define DDOF NUMBER(0, -1)
#define TEAM POINTER(&team)

/* As the functions take them. */
#define A(i) v[i].array
#define P(i) ((void *)v[i].pointer)
#define D(i) v[i].number
#define I(i) v[i].integer
#define M(i) ((trine_mode)v[i].integer)
#define TEAM_OF(i) (v[i].pointer ? team : NULL)
#define CALL(name, ...)                                                                            \
    static trine_status call_##name(const value *v)                                                \
    {                                                                                              \
        return trine_##name(__VA_ARGS__);                                                          \
    }
#define LINE(name, ...) {"trine_" #name, call_##name, {__VA_ARGS__}},

/* ---- reductions ---- */

#define CALL_SUM(op, s, type) CALL(op##_##s, A(0), M(1), P(2))
#define CALL_SUM_2(op, s, type) CALL(op##_##s, A(0), A(1), M(2), P(3))
#define CALL_TYPED(op, s, type) CALL(op##_##s, A(0), P(1))
#define CALL_ELEMENT(op, text) TRINE_EACH_TYPE(CALL_TYPED, op)
#define CALL_INDEXED(op, s, type) CALL(op##_##s, A(0), P(1), P(2))
#define CALL_PAIR_INDEX(op, text) TRINE_EACH_TYPE(CALL_INDEXED, op)
#define CALL_WHOLE(op, text) CALL(op, A(0), P(1))
#define CALL_BETWEEN(op, s, type) CALL(op##_##s, A(0), 0, 1, P(1))
#define CALL_MOMENT(op, text) CALL(op, A(0), D(1), P(2))
#define CALL_JOINT(op, text) CALL(op, A(0), A(1), D(2), P(3))
TRINE_SUMS_OF_ONE(CALL_SUM)
TRINE_SUMS_OF_TWO(CALL_SUM_2)
TRINE_ELEMENT_REDUCTIONS(CALL_ELEMENT)
TRINE_PAIR_REDUCTIONS(CALL_ELEMENT)
TRINE_PAIR_INDEX_REDUCTIONS(CALL_PAIR_INDEX)
TRINE_INDEX_REDUCTIONS(CALL_WHOLE)
TRINE_COUNT_REDUCTIONS(CALL_WHOLE)
TRINE_EACH_TYPE(CALL_BETWEEN, count_between)
TRINE_MOMENT_REDUCTIONS(CALL_MOMENT)
TRINE_REAL_REDUCTIONS(CALL_WHOLE)
TRINE_JOINT_REDUCTIONS(CALL_JOINT)
CALL(prod_f64, A(0), P(1))
CALL(prod_f32, A(0), P(1))
CALL(prod_i64, A(0), P(1))
CALL(prod_u64, A(0), P(1))
CALL(var_exact, A(0), D(1), P(2))
CALL(describe, A(0), P(1))
CALL(histogram, A(0), (int64_t)I(1), D(2), D(3), P(4))
CALL(histogram_edges, A(0), (int64_t)I(1), P(2), P(3))
CALL(quantile, A(0), (int)I(1), P(2), P(3))
CALL(median, A(0), P(1))
CALL(nanmedian, A(0), P(1))
CALL(nanquantile, A(0), (int)I(1), P(2), P(3))
#define CALL_QUANTILES(prefix)                                                                     \
    CALL(prefix##_by, A(0), (trine_quantile_method)I(1), (int)I(2), P(3), P(4))                    \
    CALL(prefix##_elements, A(0), (trine_quantile_method)I(1), (int)I(2), P(3), P(4), P(5))        \
    CALL(prefix##_weighted, A(0), A(1), (int)I(2), P(3), P(4))                                     \
    CALL(prefix##_weighted_elements, A(0), A(1), (int)I(2), P(3), P(4))
CALL_QUANTILES(quantile)
CALL_QUANTILES(nanquantile)
CALL(quantile_axis, A(0), (trine_quantile_method)I(1), (int)I(2), P(3), (int)I(4), P(5))
CALL(nanquantile_axis, A(0), (trine_quantile_method)I(1), (int)I(2), P(3), (int)I(4), P(5))
CALL(smallest, A(0), (int64_t)I(1), P(2), P(3))
CALL(largest, A(0), (int64_t)I(1), P(2), P(3))
CALL(histogram_weighted, A(0), A(1), (int64_t)I(2), D(3), D(4), P(5))
CALL(histogram_edges_weighted, A(0), A(1), (int64_t)I(2), P(3), P(4))
CALL(reduce, P(0), (const trine_array *const[]){A(1)}, NULL, P(2))
CALL(reduce_axis, P(0), (const trine_array *const[]){A(1)}, NULL, (int)I(2), P(3))

#define LINE_SUM(op, s, type) LINE(op##_##s, IN(DT_##s), MODE, RESULT)
#define LINE_SUM_2(op, s, type) LINE(op##_##s, IN(DT_##s), IN(DT_##s), MODE, RESULT)
#define LINE_TYPED(op, s, type) LINE(op##_##s, IN(DT_##s), RESULT)
#define LINE_ELEMENT(op, text) TRINE_EACH_TYPE(LINE_TYPED, op)
#define LINE_INDEXED(op, s, type) LINE(op##_##s, IN(DT_##s), RESULT, RESULT_2)
#define LINE_PAIR_INDEX(op, text) TRINE_EACH_TYPE(LINE_INDEXED, op)
#define LINE_WHOLE(op, text) LINE(op, ANY(TRINE_F64), RESULT)
#define LINE_MOMENT(op, text) LINE(op, ANY(TRINE_F64), DDOF, RESULT)
#define LINE_REAL(op, text) LINE(op, IN(TRINE_F64), RESULT)
#define LINE_JOINT(op, text) LINE(op, IN(TRINE_F64), IN(TRINE_F64), DDOF, RESULT)
#define BINS WHOLE(4, 0, TRINE_HISTOGRAM_BINS + 1)
#define PROBABILITIES WHOLE(2, 0, TRINE_QUANTILES + 1), POINTER_OR(halves, beyond)
#define METHOD WHOLE(TRINE_LINEAR, 0, TRINE_QUANTILE_METHODS)
#define LINE_QUANTILES(prefix)                                                                     \
    LINE(prefix##_by, ANY(TRINE_F64), METHOD, PROBABILITIES, RESULT)                               \
    LINE(prefix##_elements, ANY(TRINE_F64), METHOD, PROBABILITIES, RESULT, RESULT_2)               \
    LINE(prefix##_weighted, ANY(TRINE_F64), ANY(TRINE_F64), PROBABILITIES, RESULT)                 \
    LINE(prefix##_weighted_elements, ANY(TRINE_F64), ANY(TRINE_F64), PROBABILITIES, RESULT)
#define REDUCTIONS                                                                                 \
    TRINE_SUMS_OF_ONE(LINE_SUM)                                                                    \
    TRINE_SUMS_OF_TWO(LINE_SUM_2)                                                                  \
    TRINE_ELEMENT_REDUCTIONS(LINE_ELEMENT)                                                         \
    TRINE_PAIR_REDUCTIONS(LINE_ELEMENT)                                                            \
    TRINE_PAIR_INDEX_REDUCTIONS(LINE_PAIR_INDEX)                                                   \
    TRINE_INDEX_REDUCTIONS(LINE_WHOLE)                                                             \
    TRINE_COUNT_REDUCTIONS(LINE_WHOLE)                                                             \
    TRINE_EACH_TYPE(LINE_TYPED, count_between)                                                     \
    TRINE_MOMENT_REDUCTIONS(LINE_MOMENT)                                                           \
    TRINE_REAL_REDUCTIONS(LINE_REAL)                                                               \
    TRINE_JOINT_REDUCTIONS(LINE_JOINT)                                                             \
    LINE(prod_f64, IN(TRINE_F64), RESULT)                                                          \
    LINE(prod_f32, IN(TRINE_F32), RESULT)                                                          \
    LINE(prod_i64, IN(TRINE_I64), RESULT)                                                          \
    LINE(prod_u64, IN(TRINE_U64), RESULT)                                                          \
    LINE(var_exact, ANY(TRINE_F64), DDOF, RESULT)                                                  \
    LINE(describe, ANY(TRINE_F64), RESULT)                                                         \
    LINE(histogram, ANY(TRINE_F64), BINS, NUMBER(0, 9), NUMBER(2, -9), RESULT)                     \
    LINE(histogram_edges, ANY(TRINE_F64), BINS, POINTER_OR(four, falling), RESULT)                 \
    LINE(histogram_weighted, ANY(TRINE_F64), ANY(TRINE_F64), BINS, NUMBER(0, 9), NUMBER(2, -9),    \
         RESULT)                                                                                   \
    LINE(histogram_edges_weighted, ANY(TRINE_F64), ANY(TRINE_F64), BINS,                           \
         POINTER_OR(four, falling), RESULT)                                                        \
    LINE(quantile, ANY(TRINE_F64), PROBABILITIES, RESULT)                                          \
    LINE(nanquantile, ANY(TRINE_F64), PROBABILITIES, RESULT)                                       \
    LINE(median, ANY(TRINE_F64), RESULT)                                                           \
    LINE(nanmedian, ANY(TRINE_F64), RESULT)                                                        \
    LINE_QUANTILES(quantile)                                                                       \
    LINE_QUANTILES(nanquantile)                                                                    \
    LINE(smallest, ANY(TRINE_F64), WHOLE(5, 6, INT64_MAX), MAY_BE_NULL(result),                    \
         MAY_BE_NULL(result + RESULT_BYTES / 2))                                                   \
    LINE(largest, ANY(TRINE_F64), WHOLE(5, 6, INT64_MAX), MAY_BE_NULL(result),                     \
         MAY_BE_NULL(result + RESULT_BYTES / 2))                                                   \
    LINE(reduce, POINTER_OR(&sum, &partial_sum), IN(TRINE_F64), RESULT)                            \
    LINE(reduce_axis, POINTER_OR(&sum, &partial_sum), SHAPED(TRINE_F64, MATRIX_A),                 \
         WHOLE(0, -3, 2), RESULT)                                                                  \
    LINE(quantile_axis, ANY_SHAPED, METHOD, PROBABILITIES, WHOLE(0, -3, 2), RESULT)                \
    LINE(nanquantile_axis, ANY_SHAPED, METHOD, PROBABILITIES, WHOLE(0, -3, 2), RESULT)

/* ---- maps ---- */

#define CALL_MAPS(constant, s, type, text)                                                         \
    CALL(fill_##s, 1, A(0))                                                                        \
    CALL(iota_##s, 1, 1, A(0))                                                                     \
    CALL(copy_##s, A(0), A(1))                                                                     \
    CALL(neg_##s, A(0), A(1))                                                                      \
    CALL(abs_##s, A(0), A(1))                                                                      \
    CALL(add_##s, A(0), A(1), A(2))                                                                \
    CALL(sub_##s, A(0), A(1), A(2))                                                                \
    CALL(mul_##s, A(0), A(1), A(2))                                                                \
    CALL(div_##s, A(0), A(1), A(2))                                                                \
    CALL(fma_##s, A(0), A(1), A(2), A(3))                                                          \
    CALL(where_##s, A(0), A(1), A(2), A(3))                                                        \
    CALL(scale_##s, A(0), 2, A(1))                                                                 \
    CALL(axpy_##s, 2, A(0), A(1))                                                                  \
    CALL(axpby_##s, 2, A(0), 3, A(1))                                                              \
    CALL(clip_##s, A(0), 0, 1, A(1))
#define CALL_REAL_MAPS(constant, s, type, text)                                                    \
    CALL(linspace_##s, 0, 1, A(0))                                                                 \
    CALL(uniform_##s, 0, 1, 2, 3, A(0))                                                            \
    CALL(normal_##s, 0, 1, 2, 3, A(0))                                                             \
    CALL(add_normal_##s, A(0), 1, 2, 3, A(1))                                                      \
    CALL(standardise_##s, A(0), 0, 1, A(1))                                                        \
    CALL(sqrt_##s, A(0), A(1))                                                                     \
    CALL(exp_##s, A(0), A(1))                                                                      \
    CALL(log_##s, A(0), A(1))                                                                      \
    CALL(sin_##s, A(0), A(1))                                                                      \
    CALL(cos_##s, A(0), A(1))                                                                      \
    CALL(tanh_##s, A(0), A(1))                                                                     \
    CALL(pow_##s, A(0), A(1), A(2))
TRINE_DTYPES(CALL_MAPS)
TRINE_REAL_DTYPES(CALL_REAL_MAPS)
CALL(add_normal_i16, A(0), 1, 2, 3, A(1))
CALL(standardise, A(0), D(1), A(2))
CALL(cast, A(0), A(1))
CALL(cast_wrap, A(0), A(1))
CALL(apply, P(0), (const trine_array *const[]){A(1)}, NULL, (trine_array *const[]){A(2)})

#define LINE_OF_ONE(name, type) LINE(name, IN(type), OUT(type))
#define LINE_OF_TWO(name, type) LINE(name, IN(type), IN(type), OUT(type))
#define LINE_MAPS(constant, s, type, text)                                                         \
    LINE(fill_##s, OUT(constant))                                                                  \
    LINE(iota_##s, OUT(constant))                                                                  \
    LINE_OF_ONE(copy_##s, constant)                                                                \
    LINE_OF_ONE(neg_##s, constant)                                                                 \
    LINE_OF_ONE(abs_##s, constant)                                                                 \
    LINE_OF_TWO(add_##s, constant)                                                                 \
    LINE_OF_TWO(sub_##s, constant)                                                                 \
    LINE_OF_TWO(mul_##s, constant)                                                                 \
    LINE_OF_TWO(div_##s, constant)                                                                 \
    LINE(fma_##s, IN(constant), IN(constant), IN(constant), OUT(constant))                         \
    LINE(where_##s, IN(TRINE_U8), IN(constant), IN(constant), OUT(constant))                       \
    LINE_OF_ONE(scale_##s, constant)                                                               \
    LINE_OF_ONE(axpy_##s, constant)                                                                \
    LINE_OF_ONE(axpby_##s, constant)                                                               \
    LINE_OF_ONE(clip_##s, constant)
#define LINE_REAL_MAPS(constant, s, type, text)                                                    \
    LINE(linspace_##s, OUT(constant))                                                              \
    LINE(uniform_##s, OUT(constant))                                                               \
    LINE(normal_##s, OUT(constant))                                                                \
    LINE_OF_ONE(add_normal_##s, constant)                                                          \
    LINE_OF_ONE(standardise_##s, constant)                                                         \
    LINE_OF_ONE(sqrt_##s, constant)                                                                \
    LINE_OF_ONE(exp_##s, constant)                                                                 \
    LINE_OF_ONE(log_##s, constant)                                                                 \
    LINE_OF_ONE(sin_##s, constant)                                                                 \
    LINE_OF_ONE(cos_##s, constant)                                                                 \
    LINE_OF_ONE(tanh_##s, constant)                                                                \
    LINE_OF_TWO(pow_##s, constant)
#define MAPS                                                                                       \
    TRINE_DTYPES(LINE_MAPS)                                                                        \
    TRINE_REAL_DTYPES(LINE_REAL_MAPS)                                                              \
    LINE_OF_ONE(add_normal_i16, TRINE_I16)                                                         \
    LINE(standardise, IN(TRINE_F64), DDOF, OUT(TRINE_F64))                                         \
    LINE(cast, ANY(TRINE_F64), ANY_OUT(TRINE_U8))                                                  \
    LINE(cast_wrap, ANY(TRINE_F64), ANY_OUT(TRINE_U8))                                             \
    LINE(apply, POINTER_OR(&twice, &partial_map), IN(TRINE_F64), OUT(TRINE_F64))

/* ---- scans, sorts ---- */

#define CALL_CUMULATE(s)                                                                           \
    CALL(cumsum_##s, A(0), M(1), A(2))                                                             \
    CALL(cumprod_##s, A(0), A(1))
#define CALL_SCAN(op, text) CALL(op, A(0), A(1))
CALL_CUMULATE(f64)
CALL_CUMULATE(f32)
CALL_CUMULATE(i64)
CALL_CUMULATE(u64)
TRINE_ELEMENT_SCANS(CALL_SCAN)
CALL(scan, P(0), A(1), NULL, false, A(2))
CALL(scan_reducer, P(0), A(1), NULL, false, A(2))
CALL(reverse, A(0), A(1))
CALL(sort, A(0))
CALL(argsort, A(0), A(1))
CALL(scan_axis, P(0), A(1), NULL, (int)I(3), false, A(2))
CALL(sort_axis, A(0), (int)I(1))
CALL(argsort_axis, A(0), (int)I(2), A(1))

/* A call that makes an array, which is freed. */
#define CALL_MAKING(name, to, ...)                                                                 \
    static trine_status call_##name(const value *v)                                                \
    {                                                                                              \
        trine_array **array = P(to);                                                               \
        trine_status status = trine_##name(__VA_ARGS__);                                           \
        if (status == TRINE_OK && array) {                                                         \
            trine_array_free(*array);                                                              \
            *array = NULL;                                                                         \
        }                                                                                          \
        return status;                                                                             \
    }
CALL_MAKING(compact, 2, P(0), A(1), NULL, P(2))
CALL_MAKING(compact_mask, 2, A(0), A(1), P(2))

#define LINE_CUMULATE(s)                                                                           \
    LINE(cumsum_##s, IN(DT_##s), MODE, OUT(DT_##s))                                                \
    LINE(cumprod_##s, IN(DT_##s), OUT(DT_##s))
#define LINE_SCAN(op, text) LINE(op, IN(TRINE_F64), OUT(TRINE_F64))
#define SCANS                                                                                      \
    LINE_CUMULATE(f64)                                                                             \
    LINE_CUMULATE(f32)                                                                             \
    LINE_CUMULATE(i64)                                                                             \
    LINE_CUMULATE(u64)                                                                             \
    TRINE_ELEMENT_SCANS(LINE_SCAN)                                                                 \
    LINE(scan, POINTER_OR(&cumulate, &partial_operator), IN(TRINE_F64), OUT(TRINE_F64))            \
    LINE(scan_reducer, POINTER_OR(&sum, &partial_sum), IN(TRINE_F64), OUT(TRINE_F64))              \
    LINE(reverse, IN(TRINE_F64), OUT(TRINE_F64))                                                   \
    LINE(compact, POINTER_OR(&positive, &partial_predicate), IN(TRINE_F64), MADE)                  \
    LINE(compact_mask, ANY(TRINE_F64), IN(TRINE_U8), MADE)                                         \
    LINE(sort, ANY_OUT(TRINE_F64))                                                                 \
    LINE(argsort, ANY(TRINE_F64), OUT(TRINE_I64))                                                  \
    LINE(scan_axis, POINTER_OR(&cumulate, &partial_operator), SHAPED(TRINE_F64, MATRIX_A),         \
         SHAPED_OUT(TRINE_F64, MATRIX_A), WHOLE(0, -3, 2))                                         \
    LINE(sort_axis, ANY_SHAPED_OUT, WHOLE(0, -3, 2))                                               \
    LINE(argsort_axis, ANY_SHAPED, SHAPED_OUT(TRINE_I64, MATRIX_A), WHOLE(1, -3, 2))

/* ---- matrices, grids ---- */

CALL(gemm_f64, 2, A(0), A(1), 3, A(2))
CALL(gemm_f32, 2, A(0), A(1), 3, A(2))
CALL(gemv_f64, 2, A(0), A(1), 3, A(2))
CALL(gemv_f32, 2, A(0), A(1), 3, A(2))
CALL(transpose, A(0), A(1))
CALL(apply_stencil, P(0), A(1), NULL, A(2))
CALL(stencil5, A(1), P(0), A(2))
CALL(jacobi, A(0), A(1), D(2), 3, NULL)
CALL(convolve_f64, A(0), P(1), (int64_t)I(2), A(3))
CALL(convolve_f32, A(0), P(1), (int64_t)I(2), A(3))

#define LINE_GEMM(name, type)                                                                      \
    LINE(name, SHAPED(type, MATRIX_A), SHAPED(type, MATRIX_B), SHAPED_OUT(type, MATRIX_C))
#define LINE_GEMV(name, type)                                                                      \
    LINE(name, SHAPED(type, MATRIX_A), SHAPED(type, VECTOR_K), SHAPED_OUT(type, VECTOR_M))
#define MATRICES                                                                                   \
    LINE_GEMM(gemm_f64, TRINE_F64)                                                                 \
    LINE_GEMM(gemm_f32, TRINE_F32)                                                                 \
    LINE_GEMV(gemv_f64, TRINE_F64)                                                                 \
    LINE_GEMV(gemv_f32, TRINE_F32)                                                                 \
    LINE(transpose, SHAPED(TRINE_F64, MATRIX_A), SHAPED_OUT(TRINE_F64, TURNED_A))                  \
    LINE(apply_stencil, POINTER_OR(&row_stencil, &wide_stencil), SHAPED(TRINE_F64, MATRIX_A),      \
         SHAPED_OUT(TRINE_F64, MATRIX_A))                                                          \
    LINE(stencil5, POINTER(four), SHAPED(TRINE_F64, MATRIX_A), SHAPED_OUT(TRINE_F64, MATRIX_A))    \
    LINE(jacobi, SHAPED_OUT(TRINE_F64, MATRIX_A), SHAPED(TRINE_F64, MATRIX_A), NUMBER(0, -1))      \
    LINE(convolve_f64, IN(TRINE_F64), POINTER(four), WHOLE(5, 0, TRINE_CHUNK + 1), OUT(TRINE_F64)) \
    LINE(convolve_f32, IN(TRINE_F32), POINTER(four), WHOLE(5, 0, TRINE_CHUNK + 1), OUT(TRINE_F32))

/* ---- arrays, files ---- */

CALL_MAKING(array_create, 4, TEAM_OF(0), (trine_dtype)I(1), (int64_t)I(2), (trine_place)I(3), P(4))
CALL_MAKING(array_create_2d, 5, TEAM_OF(0), (trine_dtype)I(1), (int64_t)I(2), (int64_t)I(3),
            (trine_place)I(4), P(5))
CALL_MAKING(array_scatter, 6, TEAM_OF(0), (trine_dtype)I(1), P(3), (int64_t)I(2), (int)I(4),
            (trine_transport)I(5), P(6))
CALL_MAKING(array_scatter_2d, 7, TEAM_OF(0), (trine_dtype)I(1), P(4), (int64_t)I(2), (int64_t)I(3),
            (int)I(5), (trine_transport)I(6), P(7))
CALL_MAKING(array_create_nd, 5, TEAM_OF(0), (trine_dtype)I(1), (int)I(2), P(3), (trine_place)I(4),
            P(5))
CALL_MAKING(array_create_like, 3, A(0), (trine_dtype)I(1), (trine_place)I(2), P(3))
CALL_MAKING(array_scatter_nd, 7, TEAM_OF(0), (trine_dtype)I(1), P(4), (int)I(2), P(3), (int)I(5),
            (trine_transport)I(6), P(7))
CALL(array_gather, A(0), (int)I(1), P(2))
CALL_MAKING(npy_load, 1, P(0) ? file : NULL, P(1))
CALL(npy_reduce, P(0) ? file : NULL, P(1), NULL, P(2))
CALL(npy_reduce_axis, P(0) ? file : NULL, P(1), NULL, (int)I(2), P(3))
CALL(npy_save, A(1), P(0) ? (P(0) == four ? npy_path : P(0)) : NULL)

static trine_status call_npy_open(const value *v)
{
    trine_npy **opened = P(2);
    const char *path = P(1) == four ? npy_path : v[1].pointer;
    trine_status status = trine_npy_open(TEAM_OF(0), path, opened);
    if (!status && opened) {
        trine_npy_close(*opened);
        *opened = NULL;
    }
    return status;
}

/* The array is as long as the results' memory is large. */
#define ARRAYS                                                                                     \
    LINE(array_create, TEAM, WHOLE(TRINE_F64, 0, 77), WHOLE(9000, 9001, INT64_MAX),                \
         WHOLE(TRINE_DISTRIBUTED, TRINE_SHARED, 9), MADE)                                          \
    LINE(array_create_2d, TEAM, WHOLE(TRINE_F64, 0, 77), WHOLE(90, 91, INT64_MAX),                 \
         WHOLE(100, -1, INT64_MAX), WHOLE(TRINE_DISTRIBUTED, TRINE_SHARED, 9), MADE)               \
    LINE(array_create_nd, TEAM, WHOLE(TRINE_F64, 0, 77), WHOLE(2, -1, TRINE_DIMS + 1),             \
         POINTER_OR(sizes, far_sizes), WHOLE(TRINE_DISTRIBUTED, TRINE_SHARED, 9), MADE)            \
    LINE(array_create_like, ANY_SHAPED, WHOLE(TRINE_F64, 0, 77),                                   \
         WHOLE(TRINE_DISTRIBUTED, TRINE_SHARED, 9), MADE)                                          \
    LINE(array_scatter, TEAM, WHOLE(TRINE_U8, 0, 77), WHOLE(5000, 5001, INT64_MAX), ROOTS,         \
         WHOLE(0, -1, 99), WHOLE(TRINE_TRANSPORT_MESSAGE, TRINE_TRANSPORT_PIPE, 99), MADE)         \
    LINE(array_scatter_2d, TEAM, WHOLE(TRINE_U8, 0, 77), WHOLE(50, 51, INT64_MAX),                 \
         WHOLE(100, -1, INT64_MAX), ROOTS, WHOLE(0, -1, 99),                                       \
         WHOLE(TRINE_TRANSPORT_MESSAGE, TRINE_TRANSPORT_PIPE, 99), MADE)                           \
    LINE(array_scatter, TEAM, WHOLE(TRINE_U8, 0, 77), WHOLE(5000, 5001, -1), ROOTS,                \
         WHOLE(0, -1, 99), WHOLE(TRINE_TRANSPORT_WINDOW, TRINE_TRANSPORT_PIPE, 99), MADE)          \
    LINE(array_scatter_nd, TEAM, WHOLE(TRINE_U8, 0, 77), WHOLE(2, -1, TRINE_DIMS + 1),             \
         POINTER_OR(sizes, far_sizes), ROOTS, WHOLE(0, -1, 99),                                    \
         WHOLE(TRINE_TRANSPORT_MESSAGE, TRINE_TRANSPORT_PIPE, 99), MADE)                           \
    LINE(array_gather, SHAPED(TRINE_U8, VECTOR_M), WHOLE(0, -1, 99), ROOTS)                        \
    LINE(npy_open, TEAM, POINTER_OR(four, "/nowhere/x.npy"), MADE)                                 \
    LINE(npy_load, POINTER(&file), MADE)                                                           \
    LINE(npy_reduce, POINTER(&file), POINTER_OR(&sum, &partial_sum), RESULT)                       \
    LINE(npy_reduce_axis, POINTER(&file), POINTER_OR(&sum, &partial_sum), WHOLE(0, -3, 2), RESULT) \
    LINE(npy_save, POINTER_OR(four, "/nowhere/x.npy"), SHAPED(TRINE_F64, MATRIX_A))

/* ---- tasks, counters, teams ---- */

static trine_status call_task_open(const value *v)
{
    trine_task_queue **queue = P(3);
    trine_status status = trine_task_open(TEAM_OF(0), P(1), P(2), queue);
    if (!status && queue) {
        status = trine_task_close(*queue);
        *queue = NULL;
    }
    return status;
}
CALL(task_map, TEAM_OF(0), P(1), P(3), 5, (size_t)I(4), P(2), NULL, NULL, NULL)

static trine_status call_counter_open(const value *v)
{
    trine_counter **counter = P(1);
    trine_status status = trine_counter_open(TEAM_OF(0), 5, counter);
    if (!status && counter) {
        status = trine_counter_close(*counter);
        *counter = NULL;
    }
    return status;
}

static trine_status closed(trine_status status, trine_team **opened)
{
    if (!status && opened) {
        status = trine_team_close(*opened);
        *opened = NULL;
    }
    return status;
}

static trine_status call_team_open(const value *v)
{
    return closed(trine_team_open(v[0].pointer, P(1)), P(1));
}

static trine_status call_team_open_comm(const value *v)
{
    return closed(trine_team_open_comm(MPI_COMM_WORLD, v[0].pointer, P(1)), P(1));
}

static trine_status nothing(const value *v)
{
    (void)v;
    return trine_counter_close(NULL) | trine_task_close(NULL) | trine_team_close(NULL);
}

/* What closes has no arguments to be wrong: NULL does nothing. */
#define THE_REST                                                                                   \
    LINE(task_open, TEAM, POINTER_OR(&tasks, &partial_kind), OPTION(&each, &wide_window), MADE)    \
    LINE(task_open, TEAM, POINTER(&tasks), ROOTS_OPTION(&each, &unknown_transport), MADE)          \
    LINE(task_map, TEAM, POINTER_OR(&tasks, &partial_kind), OPTION(NULL, &wide_window), ROOTS,     \
         WHOLE(8, 9, INT64_MAX))                                                                   \
    LINE(counter_open, TEAM, MADE)                                                                 \
    LINE(team_open, OPTIONS("mpi", "mpi:99", "mpj"), MADE)                                         \
    LINE(team_open_comm, OPTIONS("mpi", "mpi:99", "serial"),                                       \
         MADE){"trine_counter_close", nothing, {{.kind = NONE}}},                                  \
        {"trine_task_close", nothing, {{.kind = NONE}}},                                           \
        {"trine_team_close", nothing, {{.kind = NONE}}},

const entry table[] = {REDUCTIONS MAPS SCANS MATRICES ARRAYS THE_REST};
const int entries = (int)(sizeof table / sizeof *table);

const char *const others[] = {
    "trine_array_columns",
    "trine_array_data",
    "trine_array_dtype",
    "trine_array_offset",
    "trine_array_row_offset",
    "trine_array_free",
    "trine_array_local_n",
    "trine_array_local_rows",
    "trine_array_n",
    "trine_array_ndim",
    "trine_array_place",
    "trine_array_rows",
    "trine_array_shape",
    "trine_array_team",
    "trine_array_wrap",
    "trine_array_wrap_2d",
    "trine_array_wrap_const",
    "trine_array_wrap_const_2d",
    "trine_array_wrap_const_nd",
    "trine_array_wrap_nd",
    "trine_atomic_add_f64",
    "trine_atomic_add_i64",
    "trine_atomic_add_u64",
    "trine_counter_add",
    "trine_counter_get",
    "trine_counter_lock",
    "trine_counter_set",
    "trine_counter_unlock",
    "trine_cpus",
    "trine_dtype_find",
    "trine_dtype_name",
    "trine_dtype_size",
    "trine_error_detail",
    "trine_finalize",
    "trine_gemm_library",
    "trine_gemm_note",
    "trine_histogram_reducer",
    "trine_histogram_weighted_reducer",
    "trine_init",
    "trine_isa",
    "trine_launched",
    "trine_lock_acquire",
    "trine_lock_create",
    "trine_lock_free",
    "trine_lock_release",
    "trine_map_find",
    "trine_map_name",
    "trine_reducer_find",
    "trine_reducer_name",
    "trine_reducer_test",
    "trine_npy_block",
    "trine_npy_close",
    "trine_npy_header",
    "trine_predicate_find",
    "trine_quantile_method_find",
    "trine_quantile_method_name",
    "trine_scan_operator_find",
    "trine_status_name",
    "trine_status_text",
    "trine_task_cancel",
    "trine_task_chunk",
    "trine_task_fail",
    "trine_task_slot_of",
    "trine_task_next",
    "trine_task_progress_of",
    "trine_task_records",
    "trine_task_refused",
    "trine_task_result",
    "trine_task_submit",
    "trine_task_wait",
    "trine_task_wait_any",
    "trine_team_ledger",
    "trine_team_ledger_worker",
    "trine_team_memory",
    "trine_team_note",
    "trine_team_rank",
    "trine_team_ranks",
    "trine_team_set_schedule",
    "trine_team_set_transport",
    "trine_team_spec",
    "trine_team_transport",
    "trine_team_worker_pid",
    "trine_team_workers",
    "trine_top_reducer",
    "trine_transport_find",
    "trine_transport_name",
    "trine_version",
    "trine_weighted_reducer",
    NULL,
};
