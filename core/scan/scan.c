/* core/scan/scan.c - the public scans: check the arguments once, then run. */
#include "core/scan/scan.h"

#include <string.h>

#include <trine/list.h>

#include "core/array/array.h"
#include "core/system/error.h"
#include "core/array/overlap.h"
#include "core/reduce/reduce.h"

static trine_status check_arrays(const trine_scan_operator *op, const trine_array *x,
                                 const trine_array *out, bool *in_place)
{
    const trine_array *like = NULL;
    trine_status status = trine_arrays_check(op->name, "x", &x, op->reducer.in, 1, &like);
    if (!status)
        status = trine_arrays_check(op->name, "out", &out, &op->out, 1, &like);
    return status ? status : trine_out_check(op->name, x, out, in_place);
}

static trine_status check_reducer(const trine_reducer *reducer, const void *param)
{
    trine_status status = trine_reducer_check(reducer, param);
    if (!status && reducer->nin != 1)
        status = trine_fail(TRINE_E_ARGUMENT, "trine_scan: reducer '%s' has %d inputs; expected 1",
                            reducer->name, reducer->nin);
    return status;
}

static trine_status check_scan(const trine_scan_operator *op, const void *param,
                               const trine_array *x, const trine_array *out, bool *in_place)
{
    if (!op)
        return trine_fail(TRINE_E_ARGUMENT, "trine_scan: op is NULL");
    trine_status status =
        trine_size_check("trine_scan", "trine_scan_operator", op->size, sizeof *op);
    if (status)
        return status;
    if (!op->name || !op->apply)
        return trine_fail(TRINE_E_ARGUMENT, "trine_scan: the operator lacks its name or apply");
    status = check_reducer(&op->reducer, param);
    return status ? status : check_arrays(op, x, out, in_place);
}

/* A team that knows of the call. */
static trine_team *team_of(const trine_array *x, const trine_array *out)
{
    return trine_arrays_team((const trine_array *const[]){x, out}, 2);
}

trine_status trine_scan(const trine_scan_operator *op, const trine_array *x, const void *param,
                        bool exclusive, trine_array *out)
{
    bool in_place = false;
    trine_status status = check_scan(op, param, x, out, &in_place);
    return status ? trine_call_refuse(team_of(x, out), status)
                  : trine_scan_run(op, param, x, out, exclusive, in_place);
}

trine_status trine_scan_axis(const trine_scan_operator *op, const trine_array *x, const void *param,
                             int axis, bool exclusive, trine_array *out)
{
    bool in_place = false;
    trine_status status = check_scan(op, param, x, out, &in_place);
    if (!status)
        status = trine_axis_check(op->name, x->ndim, &axis);
    if (status)
        return trine_call_refuse(team_of(x, out), status);
    /* One line: the workers and ranks share it. */
    if (axis == 0 && x->columns == 1)
        return trine_scan_run(op, param, x, out, exclusive, in_place);
    return trine_scan_lines(op, param, x, out, axis, exclusive);
}

trine_status trine_scan_reducer(const trine_reducer *reducer, const trine_array *x,
                                const void *param, bool exclusive, trine_array *out)
{
    bool in_place = false;
    trine_scan_operator op = {TRINE_INIT(trine_scan_operator), .name = ""};
    if (!reducer)
        return trine_call_refuse(
            team_of(x, out), trine_fail(TRINE_E_ARGUMENT, "trine_scan_reducer: reducer is NULL"));
    trine_status status = check_reducer(reducer, param);
    if (!status && (reducer->out == TRINE_DTYPE_NONE ||
                    reducer->result_size != trine_dtype_size(reducer->out)))
        status =
            trine_fail(TRINE_E_ARGUMENT,
                       "trine_scan_reducer: the result of '%s' is no single scalar", reducer->name);
    if (!status) {
        op = (trine_scan_operator){TRINE_INIT(trine_scan_operator), .name = reducer->name,
                                   .reducer = *reducer, .out = reducer->out};
        status = check_arrays(&op, x, out, &in_place);
    }
    return status ? trine_call_refuse(team_of(x, out), status)
                  : trine_scan_run(&op, param, x, out, exclusive, in_place);
}

/* Finds the scan and runs it; out_type: what the function promises, NONE for the type of x. */
static trine_status run_found(const char *name, trine_dtype out_type, const trine_array *x,
                              trine_array *out)
{
    trine_scan_operator op = {TRINE_INIT(trine_scan_operator)};
    if (!x || !out)
        return trine_call_refuse(
            team_of(x, out),
            trine_fail(TRINE_E_ARGUMENT, "trine_%s: %s is NULL", name, x ? "out" : "x"));
    trine_status status = trine_scan_operator_find(name, x->dtype, &op);
    if (!status && out_type != TRINE_DTYPE_NONE && op.out != out_type)
        status = trine_fail(TRINE_E_DTYPE, "trine_%s_%s: x is %s, for which the results are %s",
                            name, trine_dtype_name(out_type), trine_dtype_name(x->dtype),
                            trine_dtype_name(op.out));
    return status ? trine_call_refuse(team_of(x, out), status)
                  : trine_scan(&op, x, NULL, false, out);
}

static trine_status cumsum(trine_dtype out_type, const trine_array *x, trine_mode mode,
                           trine_array *out)
{
    static const char *const names[2][3] = {
        {"cumsum", "cumsum_compensated", "cumsum_fast"},
        {"cumsum_f64", "cumsum_compensated_f64", "cumsum_fast_f64"}};
    if ((unsigned)mode > TRINE_FAST)
        return trine_call_refuse(team_of(x, out),
                                 trine_fail(TRINE_E_ARGUMENT,
                                            "trine_cumsum_%s: mode %d; expected TRINE_EXACT, "
                                            "TRINE_COMPENSATED or TRINE_FAST",
                                            trine_dtype_name(out_type), (int)mode));
    bool widen = out_type == TRINE_F64 && trine_array_dtype(x) == TRINE_F32;
    return run_found(names[widen][mode], out_type, x, out);
}

#define DEFINE_WIDE(suffix, type)                                                                  \
    trine_status trine_cumsum_##suffix(const trine_array *x, trine_mode mode, trine_array *out)    \
    {                                                                                              \
        return cumsum(type, x, mode, out);                                                         \
    }                                                                                              \
    trine_status trine_cumprod_##suffix(const trine_array *x, trine_array *out)                    \
    {                                                                                              \
        return run_found("cumprod", type, x, out);                                                 \
    }
DEFINE_WIDE(f64, TRINE_F64)
DEFINE_WIDE(f32, TRINE_F32)
DEFINE_WIDE(i64, TRINE_I64)
DEFINE_WIDE(u64, TRINE_U64)

#define DEFINE_ELEMENT(name, text)                                                                 \
    trine_status trine_##name(const trine_array *x, trine_array *out)                              \
    {                                                                                              \
        return run_found(#name, TRINE_DTYPE_NONE, x, out);                                         \
    }
TRINE_ELEMENT_SCANS(DEFINE_ELEMENT)
