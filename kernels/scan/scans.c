/* kernels/scan/scans.c - the scans: one line each. The reductions of their chunks are found by
 * name, but for that of the differences. */
#include "kernels/registry/isa.h"
#include "kernels/simd/simd.h"

#define DTYPE_f64 TRINE_F64
#define DTYPE_f32 TRINE_F32
#define DTYPE_i64 TRINE_I64
#define DTYPE_i32 TRINE_I32
#define DTYPE_u64 TRINE_U64
#define DTYPE_u32 TRINE_U32
#define DTYPE_i16 TRINE_I16
#define DTYPE_u16 TRINE_U16
#define DTYPE_i8 TRINE_I8
#define DTYPE_u8 TRINE_U8

#include "kernels/scan/scan_elements.h"
#include "kernels/scan/scan_exact.h"
#include "kernels/scan/scan_products.h"
#include "kernels/scan/scan_sums.h"

/* NAME by the function kind_scan_<suffix>, over chunks that `reduction` reduces. */
#define WIDE_SCAN(NAME, REDUCTION, kind, IN, OUT, suffix)                                          \
    {.name = NAME, .reduction = REDUCTION, .in = IN, .out = OUT, .apply = kind##_scan_##suffix},
#define WHOLE_SCANS(NAME, REDUCTION, kind)                                                         \
    WIDE_SCAN(NAME, REDUCTION, kind, TRINE_I64, TRINE_I64, i64)                                    \
    WIDE_SCAN(NAME, REDUCTION, kind, TRINE_I32, TRINE_I64, i32)                                    \
    WIDE_SCAN(NAME, REDUCTION, kind, TRINE_I16, TRINE_I64, i16)                                    \
    WIDE_SCAN(NAME, REDUCTION, kind, TRINE_I8, TRINE_I64, i8)                                      \
    WIDE_SCAN(NAME, REDUCTION, kind, TRINE_U64, TRINE_U64, u64)                                    \
    WIDE_SCAN(NAME, REDUCTION, kind, TRINE_U32, TRINE_U64, u32)                                    \
    WIDE_SCAN(NAME, REDUCTION, kind, TRINE_U16, TRINE_U64, u16)                                    \
    WIDE_SCAN(NAME, REDUCTION, kind, TRINE_U8, TRINE_U64, u8)
/* As the sums: in the type of the elements, and (_f64) in double. */
#define SUM_SCANS(NAME, REDUCTION, kind)                                                           \
    WIDE_SCAN(NAME, REDUCTION, kind, TRINE_F64, TRINE_F64, f64)                                    \
    WIDE_SCAN(NAME, REDUCTION, kind, TRINE_F32, TRINE_F32, f32)                                    \
    WHOLE_SCANS(NAME, "sum", integer)                                                              \
    WIDE_SCAN(NAME "_f64", REDUCTION, kind, TRINE_F64, TRINE_F64, f64)                             \
    WIDE_SCAN(NAME "_f64", REDUCTION, kind, TRINE_F32, TRINE_F64, f32_f64)

#define CUMMIN(constant, suffix, type, name)                                                       \
    WIDE_SCAN("cummin", "min", cummin, constant, constant, suffix)
#define CUMMAX(constant, suffix, type, name)                                                       \
    WIDE_SCAN("cummax", "max", cummax, constant, constant, suffix)
#define DIFFERENCE(constant, suffix, type, NAME)                                                   \
    {.name = "difference",                                                                         \
     .reducer = &last_##suffix,                                                                    \
     .in = constant,                                                                               \
     .out = constant,                                                                              \
     .apply = difference_scan_##suffix},

const scan_entry VARIANT(trine_scans)[] = {
    SUM_SCANS("cumsum", "sum", exact)
        SUM_SCANS("cumsum_compensated", "sum_compensated", compensated)
            SUM_SCANS("cumsum_fast", "sum_fast", fast)
                WIDE_SCAN("cumprod", "prod", product, TRINE_F64, TRINE_F64, f64)
                    WIDE_SCAN("cumprod", "prod", product, TRINE_F32, TRINE_F32, f32)
                        WHOLE_SCANS("cumprod", "prod", product) TRINE_DTYPES(CUMMIN)
                            TRINE_DTYPES(CUMMAX) TRINE_DTYPES(DIFFERENCE){.name = NULL}};
