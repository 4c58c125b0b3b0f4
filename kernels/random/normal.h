/* kernels/random/normal.h - two normal random numbers from two words (Box and Muller, A note on the
 * generation of random normal deviates, Ann. Math. Stat. 29 (1958)):
 *   1. u, uniform in (0, 1), from the first word; f = u - 1 without cancellation where u is near 1
 *   2. r = sqrt(-2 log(u)), with log as fdlibm computes it: u = 2^e (1 + f), s = f / (2 + f),
 *      log(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2))
 *   3. a full turn in 2^64 (or 2^32) steps from the second: quarter turns, and an angle in
 *      [-pi/4, pi/4) whose sine and cosine are polynomials
 *   4. r cos, r sin
 * Errors are a few units in the last place; every step is an operation that IEEE 754 defines, so
 * all instruction sets give the same bits.
 */
#ifndef TRINE_KERNELS_NORMAL_H
#define TRINE_KERNELS_NORMAL_H

#include "kernels/simd/loops.h"
#include "kernels/simd/simd.h"

/* a * b + c, rounded once. */
#define FMA __builtin_fma
#define FMAF __builtin_fmaf

TRINE_INLINE double minus_two_log_f64(uint64_t word)
{
    uint64_t k = word >> 11, rest = k ^ UINT64_C(0x1fffffffffffff);
    double u = (trine_u64_to_f64(k) + 0.5) * 0x1p-53;
    double below = (trine_u64_to_f64(rest) + 0.5) * -0x1p-53;
    uint64_t shifted = trine_bits_f64(u) + UINT64_C(0x00095f619980c433);
    double e = trine_real_f64(shifted >> 52 | UINT64_C(0x4330000000000000)) - (0x1p52 + 1023);
    double m = trine_real_f64((shifted & UINT64_C(0xfffffffffffff)) + UINT64_C(0x3fe6a09e667f3bcd));
    double f = e == 0 ? below : m - 1;
    double s = f / (2 + f), z = s * s, half = 0.5 * f * f;
    double r = 1.479819860511658591e-01;
    r = FMA(r, z, 1.531383769920937332e-01);
    r = FMA(r, z, 1.818357216161805012e-01);
    r = FMA(r, z, 2.222219843214978396e-01);
    r = FMA(r, z, 2.857142874366239149e-01);
    r = FMA(r, z, 3.999999999940941908e-01);
    r = FMA(r, z, 6.666666666666735130e-01);
    double log_m = f - FMA(-s, FMA(r, z, half), half);
    return -2 * FMA(e, 6.931471805599453094e-01, log_m);
}

/* z[0] = r cos, z[1] = r sin of the angle `word` of 2^64. */
TRINE_INLINE void turn_f64(double r, uint64_t word, double *z0, double *z1)
{
    uint64_t turned = word + UINT64_C(0x2000000000000000);
    uint64_t next = word + UINT64_C(0x6000000000000000), sign = UINT64_C(1) << 63;
    double steps = trine_u64_to_f64(turned & UINT64_C(0x3fffffffffffffff)) - 0x1p61;
    double x = steps * 3.406121580086554584e-19, z = x * x;
    double s = 1.58969099521155010221e-10;
    s = FMA(s, z, -2.50507602534068634195e-08);
    s = FMA(s, z, 2.75573137070700676789e-06);
    s = FMA(s, z, -1.98412698298579493134e-04);
    s = FMA(s, z, 8.33333333332248946124e-03);
    s = FMA(s, z, -1.66666666666666324348e-01);
    s = FMA(s * z, x, x);
    double c = -1.13596475577881948265e-11;
    c = FMA(c, z, 2.08757232129817482790e-09);
    c = FMA(c, z, -2.75573143513906633035e-07);
    c = FMA(c, z, 2.48015872894767294178e-05);
    c = FMA(c, z, -1.38888888888741095749e-03);
    c = FMA(c, z, 4.16666666666666019037e-02);
    c = FMA(c, z, -0.5);
    c = FMA(c, z, 1.0);
    bool odd = turned & UINT64_C(1) << 62;
    double first = odd ? s : c, second = odd ? c : s;
    *z0 = r * trine_real_f64(trine_bits_f64(first) ^ (next & sign));
    *z1 = r * trine_real_f64(trine_bits_f64(second) ^ (turned & sign));
}

/* The same in single precision, from words of 32 bits, of which u takes 31. Scaled by powers of two
 * where that saves an operation: no bit changes. */
TRINE_INLINE float minus_two_log_f32(uint32_t word)
{
    int32_t k = (int32_t)(word >> 1), rest = INT32_MAX - k;
    float u = FMAF((float)k, 0x1p-31f, 0x1p-32f);
    float below = FMAF((float)rest, -0x1p-31f, -0x1p-32f);
    uint32_t shifted = trine_bits_f32(u) + 0x004afb0d;
    float e = (float)((int32_t)(shifted >> 23) - 127);
    float m = trine_real_f32((shifted & 0x7fffff) + 0x3f3504f3);
    float f = e == 0 ? below : m - 1;
    float s = f / (2 + f), z = s * s, square = f * f;
    float r = 2 * 0.24279078841f;
    r = FMAF(r, z, 2 * 0.28498786688f);
    r = FMAF(r, z, 2 * 0.40000972152f);
    r = FMAF(r, z, 2 * 0.66666662693f);
    float minus_two_log_m = FMAF(-2, f, FMAF(-s, FMAF(r, z, square), square));
    return FMAF(e, -2 * 0.69314718056f, minus_two_log_m);
}

TRINE_INLINE void turn_f32(float r, uint32_t word, float *z0, float *z1)
{
    uint32_t turned = word + 0x20000000, next = word + 0x60000000;
    float x = (float)(int32_t)(word << 2) * (1.4629180793e-09f / 4), z = x * x;
    float s = -1.9515295891e-04f;
    s = FMAF(s, z, 8.3321608736e-03f);
    s = FMAF(s, z, -1.6666654611e-01f);
    s = FMAF(s * z, x, x);
    float c = 2.443315711809948e-05f;
    c = FMAF(c, z, -1.388731625493765e-03f);
    c = FMAF(c, z, 4.166664568298827e-02f);
    c = FMAF(c, z, -0.5f);
    c = FMAF(c, z, 1.0f);
    bool odd = turned & 0x40000000;
    float first = odd ? s : c, second = odd ? c : s;
    *z0 = r * trine_real_f32(trine_bits_f32(first) ^ (next & 0x80000000));
    *z1 = r * trine_real_f32(trine_bits_f32(second) ^ (turned & 0x80000000));
}

#undef FMA
#undef FMAF
#endif
