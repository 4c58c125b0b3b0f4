/* drivers/harness/data/data.c - generating elements. */
#include "drivers/harness/data/data.h"

#include <string.h>
#include <sys/stat.h>

#include "drivers/harness/data/philox.h"

typedef struct generate_param {
    uint64_t seed;
    int64_t dtype;
} generate_param;

static uint64_t random_bits(uint64_t seed, uint64_t index)
{
    philox_words random = philox((philox_words){{(uint32_t)index, (uint32_t)(index >> 32)}}, seed);
    return (uint64_t)random.v[1] << 32 | random.v[0];
}

static void generate_real(trine_dtype dtype, uint64_t seed, uint64_t first, size_t n, void *out)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = random_bits(seed, first + i);
        if (dtype == TRINE_F64)
            ((double *)out)[i] = (double)(bits >> 11) * 0x1p-53;
        else
            ((float *)out)[i] = (float)(bits >> 40) * 0x1p-24f;
    }
}

void generate_elements(trine_dtype dtype, uint64_t seed, uint64_t first, size_t n, void *out)
{
    if (dtype == TRINE_F64 || dtype == TRINE_F32) {
        generate_real(dtype, seed, first, n, out);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = random_bits(seed, first + i);
        switch (trine_dtype_size(dtype)) {
        case 8:
            ((int64_t *)out)[i] = dtype == TRINE_I64 ? (int32_t)bits : (int64_t)(bits >> 32);
            break;
        case 4:
            ((uint32_t *)out)[i] = (uint32_t)bits;
            break;
        case 2:
            ((uint16_t *)out)[i] = (uint16_t)bits;
            break;
        default:
            ((uint8_t *)out)[i] = (uint8_t)bits;
        }
    }
}

bool is_read_once(const char *file)
{
    struct stat about;
    if (!file || strcmp(file, "-") == 0)
        return file != NULL;
    return stat(file, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
}

/* Bits of `value`, which the type has, in each of n elements. */
void fill_elements(trine_dtype dtype, double value, size_t n, void *out)
{
    const int64_t whole = dtype == TRINE_F64 || dtype == TRINE_F32 ? 0 : (int64_t)value;
    const float single = (float)value;
    const void *bytes = dtype == TRINE_F64   ? (const void *)&value
                        : dtype == TRINE_F32 ? (const void *)&single
                                             : (const void *)&whole;
    size_t item = trine_dtype_size(dtype);
    for (size_t i = 0; i < n; i++)
        memcpy((char *)out + i * item, bytes, item);
}

static void generate_chunk(const trine_chunk *chunk, const void *param)
{
    const generate_param *p = param;
    generate_elements((trine_dtype)p->dtype, p->seed, chunk->offset, chunk->n, chunk->out[0]);
}

double harness_element(trine_dtype dtype, uint64_t seed, uint64_t i)
{
    uint64_t bytes;
    generate_elements(dtype, seed, i, 1, &bytes);
    return (double)harness_element_at(dtype, &bytes, 0);
}

/* A new array, whose elements the map makes. */
static trine_status make_array(trine_team *team, const trine_map *map, const void *param, int ndim,
                               const int64_t shape[], trine_array **array)
{
    trine_array *made;
    trine_status status =
        trine_array_create_nd(team, map->out[0], ndim, shape, TRINE_DISTRIBUTED, &made);
    if (status)
        return status;
    trine_array *const out[] = {made};
    status = trine_apply(map, NULL, param, out);
    if (status)
        trine_array_free(made);
    else
        *array = made;
    return status;
}

trine_status generate_array(trine_team *team, trine_dtype dtype, int ndim, const int64_t shape[],
                            uint64_t seed, trine_array **array)
{
    const generate_param param = {seed, dtype};
    const trine_map map = {
        TRINE_INIT(trine_map), .name = "generate",         .nout = 1,
        .out = {dtype},        .param_size = sizeof param, .apply = generate_chunk};
    return make_array(team, &map, &param, ndim, shape, array);
}

trine_status fill_array(trine_team *team, trine_dtype dtype, int ndim, const int64_t shape[],
                        double value, trine_array **array)
{
    const trine_map *map = trine_map_find("fill", TRINE_DTYPE_NONE, dtype);
    uint64_t bits = 0;
    fill_elements(dtype, value, 1, &bits);
    return map ? make_array(team, map, &bits, ndim, shape, array) : TRINE_E_ABSENT;
}
