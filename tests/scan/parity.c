/* parity.c SPEC... - every team named gives the bits of serial: scans of all names and dtypes,
 * lengths around every boundary, in place and not; and scans of a reducer that is neither
 * associative nor commutative are the folds that scan.h promises. Under a launcher each rank checks
 * its block. */
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

#include "check.h"
#include "core/partition/tree.h"
#include "hash_reducer.h"

static char **specs;
static int spec_count;

/* One, one below and one above what groups, the grid, shares and blocks turn on. */
static const uint64_t lengths[] = {0,
                                   1,
                                   7,
                                   8,
                                   9,
                                   1000,
                                   TRINE_CHUNK - 1,
                                   TRINE_CHUNK,
                                   TRINE_CHUNK + 1,
                                   3 * TRINE_CHUNK + 5,
                                   16 * TRINE_CHUNK,
                                   16 * TRINE_CHUNK + 1,
                                   33 * TRINE_CHUNK - 1,
                                   50 * TRINE_CHUNK + 77};
enum { LENGTHS = sizeof lengths / sizeof *lengths, MOST = 50 * TRINE_CHUNK + 77 };

static uint64_t bits_of(uint64_t i, int kind)
{
    return hash_mix(i + 1, (uint64_t)kind * 1000003 + 17);
}

/* Well-behaved, of wide exponents, with zeros and (last) what is no number. */
static double real_of(uint64_t i, int kind, uint64_t n)
{
    uint64_t bits = bits_of(i, kind);
    double uniform = (double)(bits >> 11) * 0x1p-53;
    if (kind == 0)
        return uniform;
    if (kind == 1)
        return (uniform - 0.5) * (double)((uint64_t)1 << bits % 61);
    return i + 5 == n ? 0.0 / (double)(i + 5 - n) : i % 3 ? uniform - 0.5 : -0.0;
}

static void fill(trine_array *x, int kind)
{
    uint64_t n = trine_array_local_n(x), offset = trine_array_offset(x);
    size_t item = trine_dtype_size(trine_array_dtype(x));
    for (uint64_t i = 0; i < n; i++) {
        uint64_t bits = bits_of(offset + i, kind);
        double real = real_of(offset + i, kind, trine_array_n(x));
        float single = (float)real;
        bits >>= item == 8 ? 24 : 0;
        const void *value = trine_array_dtype(x) == TRINE_F64   ? (const void *)&real
                            : trine_array_dtype(x) == TRINE_F32 ? (const void *)&single
                                                                : (const void *)&bits;
        memcpy((char *)trine_array_data(x) + i * item, value, item);
    }
}

/* What one call wrote on this rank, and where in the whole that is. */
typedef struct outcome {
    trine_status status;
    uint64_t first, n;
    unsigned char *bytes;
} outcome;

static outcome take(trine_status status, trine_array *out, size_t item)
{
    outcome o = {.status = status};
    if (!status && out) {
        o.first = trine_array_offset(out);
        o.n = trine_array_local_n(out);
        o.bytes = malloc(o.n * item + 1);
        if (o.n)
            memcpy(o.bytes, trine_array_data(out), o.n * item);
    }
    return o;
}

static outcome scan(trine_team *team, const trine_scan_operator *op, uint64_t n, int kind,
                    bool exclusive, bool in_place)
{
    trine_array *x = NULL, *out = NULL;
    trine_status status = trine_array_create(team, op->reducer.in[0], n, TRINE_DISTRIBUTED, &x);
    if (!status && !in_place)
        status = trine_array_create(team, op->out, n, TRINE_DISTRIBUTED, &out);
    if (!status) {
        fill(x, kind);
        status = trine_scan(op, x, NULL, exclusive, in_place ? x : out);
    }
    outcome o = take(status, in_place ? x : out, trine_dtype_size(op->out));
    trine_array_free(x);
    trine_array_free(out);
    return o;
}

static bool alike(const char *what, trine_team *team, const outcome *got, const outcome *expected,
                  size_t item)
{
    if (!got->status && !expected->status && (!got->bytes || !expected->bytes))
        return false;
    if (got->status == expected->status &&
        (got->status ||
         memcmp(got->bytes, expected->bytes + got->first * item, got->n * item) == 0))
        return true;
    uint64_t at = 0;
    while (!got->status && !expected->status && at < got->n &&
           memcmp(got->bytes + at * item, expected->bytes + (got->first + at) * item, item) == 0)
        at++;
    printf("\n  %s: %s of %llu from %llu: %s, expected %s; element %llu (%s)\n",
           trine_team_spec(team), what, (unsigned long long)got->n, (unsigned long long)got->first,
           trine_status_name(got->status), trine_status_name(expected->status),
           (unsigned long long)(got->first + at), trine_error_detail());
    return false;
}

#define SCAN_NAME(name, text) #name,
static const char *const names[] = {TRINE_WIDE_SCANS(SCAN_NAME)
                                        TRINE_ELEMENT_SCANS(SCAN_NAME) "cumsum_f64",
                                    "cumsum_compensated_f64", "cumsum_fast_f64"};
enum { NAMES = sizeof names / sizeof *names };

static bool operator_agrees(trine_team *team, trine_team *serial, const trine_scan_operator *op,
                            int l)
{
    bool agrees = true;
    for (int kind = 0; kind < 3 && agrees; kind++) {
        bool exclusive = (l + kind) % 2, in_place = (l + kind) % 3 == 0;
        in_place = in_place && op->out == op->reducer.in[0];
        trine_team_set_schedule(team, (l + kind) % 5 == 0 ? TRINE_DYNAMIC : TRINE_STATIC);
        outcome expected = scan(serial, op, lengths[l], kind, exclusive, false);
        outcome got = scan(team, op, lengths[l], kind, exclusive, in_place);
        agrees = alike(op->name, team, &got, &expected, trine_dtype_size(op->out));
        free(got.bytes);
        free(expected.bytes);
    }
    return agrees;
}

static void scans_agree(trine_team *team, trine_team *serial)
{
    trine_scan_operator op = {TRINE_INIT(trine_scan_operator)};
    for (int s = 0; s < NAMES; s++)
        for (int d = 1; d < TRINE_DTYPE_COUNT; d++)
            for (int l = (s + d) % 2; l < LENGTHS; l += 2)
                if (trine_scan_operator_find(names[s], (trine_dtype)d, &op) == TRINE_OK &&
                    !operator_agrees(team, serial, &op, l)) {
                    CU_FAIL("a scan's bits depend on the team");
                    return;
                }
}

/* Calls test for each team that this build has. */
static void on_every_team(void (*test)(trine_team *team, trine_team *serial))
{
    trine_team *serial, *team;
    CU_ASSERT_EQUAL_FATAL(trine_team_open("serial", &serial), TRINE_OK);
    for (int i = 0; i < spec_count; i++) {
        trine_status status = trine_team_open(specs[i], &team);
        if (status == TRINE_E_ABSENT) {
            printf("\n  skipped: %s\n", trine_error_detail());
            continue;
        }
        CU_ASSERT_EQUAL_FATAL(status, TRINE_OK);
        test(team, serial);
        CU_ASSERT_EQUAL(trine_team_close(team), TRINE_OK);
    }
    CU_ASSERT_EQUAL(trine_team_close(serial), TRINE_OK);
}

static void every_team_gives_the_bits_of_serial(void)
{
    on_every_team(scans_agree);
}

/* hash_reducer with one scalar for its result. */
static trine_status hash_alone(void *result, const void *state, const void *param)
{
    (void)param;
    *(uint64_t *)result = ((const hash_state *)state)->hash;
    return TRINE_OK;
}

static trine_reducer scalar_hash(void)
{
    trine_reducer hash = hash_reducer;
    hash.out = TRINE_U64;
    hash.result_size = sizeof(uint64_t);
    hash.finish = hash_alone;
    return hash;
}

/* The partial of the aligned subtree of 2^level chunks at `chunk`: all of them are whole. */
static hash_state subtree(const uint64_t *x, uint64_t chunk, int level)
{
    hash_state left, right;
    if (level > 0) {
        left = subtree(x, chunk, level - 1);
        right = subtree(x, chunk + ((uint64_t)1 << (level - 1)), level - 1);
        hash_merge(&left, &right, NULL);
        return left;
    }
    trine_chunk one = {
        .offset = chunk * TRINE_CHUNK, .n = TRINE_CHUNK, .in = {x + chunk * TRINE_CHUNK}};
    hash_init(&left, NULL);
    hash_accumulate(&left, &one, NULL);
    return left;
}

/* What scan.h promises of the prefix of a chunk: the subtrees of the bits of its number, from the
 * highest down, merged from the left. */
static hash_state promised_prefix(const uint64_t *x, uint64_t chunk)
{
    hash_state prefix, part;
    uint64_t at = 0;
    hash_init(&prefix, NULL);
    for (int level = 62; level >= 0; level--)
        if (chunk >> level & 1) {
            part = subtree(x, at, level);
            hash_merge(&prefix, &part, NULL);
            at += (uint64_t)1 << level;
        }
    return prefix;
}

static bool promised_scan(const uint64_t *x, const uint64_t *out, uint64_t first, uint64_t n)
{
    for (uint64_t i = first; i < first + n;) {
        hash_state state = promised_prefix(x, i / TRINE_CHUNK);
        do {
            const trine_chunk one = {.offset = i, .n = 1, .in = {x + i}};
            hash_accumulate(&state, &one, NULL);
            if (out[i - first] != state.hash)
                return false;
            i++;
        } while (i < first + n && i % TRINE_CHUNK != 0);
    }
    return true;
}

static void hashes_are_folded_as_promised(trine_team *team, trine_team *serial)
{
    const trine_reducer hash = scalar_hash();
    uint64_t *whole = malloc(MOST * sizeof *whole);
    (void)serial;
    for (uint64_t i = 0; i < MOST; i++)
        whole[i] = bits_of(i, 0) >> 24;
    for (int l = 0; l < LENGTHS; l++) {
        trine_array *x, *out;
        CU_ASSERT_EQUAL_FATAL(
            trine_array_create(team, TRINE_U64, lengths[l], TRINE_DISTRIBUTED, &x), TRINE_OK);
        CU_ASSERT_EQUAL_FATAL(
            trine_array_create(team, TRINE_U64, lengths[l], TRINE_DISTRIBUTED, &out), TRINE_OK);
        fill(x, 0);
        CU_ASSERT_EQUAL(trine_scan_reducer(&hash, x, NULL, false, out), TRINE_OK);
        CU_ASSERT_TRUE(promised_scan(whole, trine_array_data(out), trine_array_offset(out),
                                     trine_array_local_n(out)));
        trine_array_free(x);
        trine_array_free(out);
    }
    free(whole);
}

static void a_scan_is_the_fold_that_is_promised(void)
{
    on_every_team(hashes_are_folded_as_promised);
}

/* Kept by value and by mask, and reversed, on the team and on serial. */
typedef enum rearrangement {
    NONZERO,
    MASK,
    REVERSED,
    REVERSED_IN_PLACE,
    REARRANGEMENTS
} rearrangement;

static outcome rearrange(trine_team *team, rearrangement how, trine_dtype dtype, uint64_t n,
                         int kind)
{
    trine_array *x = NULL, *other = NULL, *kept = NULL;
    trine_dtype other_type = how == MASK ? TRINE_U8 : dtype;
    trine_status status = trine_array_create(team, dtype, n, TRINE_DISTRIBUTED, &x);
    if (!status)
        status = trine_array_create(team, other_type, n, TRINE_DISTRIBUTED, &other);
    if (!status) {
        fill(x, kind);
        fill(other, kind);
        for (int64_t i = 0; how == MASK && i < trine_array_local_n(other); i++)
            ((uint8_t *)trine_array_data(other))[i] &= (uint8_t)(kind * 2);
        status = how == MASK ? trine_compact_mask(x, other, &kept)
                 : how == NONZERO
                     ? trine_compact(trine_predicate_find("nonzero", dtype), x, NULL, &kept)
                 : how == REVERSED ? trine_reverse(x, other)
                                   : trine_reverse(x, x);
    }
    outcome o = take(status,
                     how == REVERSED            ? other
                     : how == REVERSED_IN_PLACE ? x
                                                : kept,
                     trine_dtype_size(dtype));
    CU_ASSERT_TRUE(!kept || trine_array_place(kept) == TRINE_DISTRIBUTED);
    trine_array_free(x);
    trine_array_free(other);
    trine_array_free(kept);
    return o;
}

static void rearrangements_agree(trine_team *team, trine_team *serial)
{
    for (int how = 0; how < REARRANGEMENTS; how++)
        for (int d = 1; d < TRINE_DTYPE_COUNT; d++)
            for (int l = d % 2; l < LENGTHS; l += 2) {
                trine_dtype dtype = (trine_dtype)d;
                outcome expected = rearrange(serial, (rearrangement)how, dtype, lengths[l], l % 3);
                outcome got = rearrange(team, (rearrangement)how, dtype, lengths[l], l % 3);
                CU_ASSERT_TRUE(
                    alike("a rearrangement", team, &got, &expected, trine_dtype_size(dtype)));
                free(got.bytes);
                free(expected.bytes);
            }
}

static void what_is_kept_or_reversed_is_that_of_serial(void)
{
    on_every_team(rearrangements_agree);
}

/* Blocks of other lengths than trine would cut, some empty: rank r's has 1000 r^2 + 100 elements,
 * and rank 2's none. */
static uint64_t own_block(int rank)
{
    return rank == 2 ? 0 : 1000 * (uint64_t)(rank * rank) + 100;
}

static void blocks_of_the_callers_own_make_one_whole(trine_team *team, trine_team *serial)
{
    int rank = trine_team_rank(team), ranks = trine_team_ranks(team);
    uint64_t first = 0, n = own_block(rank), whole = 0;
    for (int r = 0; r < ranks; r++) {
        first += r < rank ? own_block(r) : 0;
        whole += own_block(r);
    }
    double *data = calloc(whole + 1, sizeof *data), sum = 0;
    trine_array *x, *out, *kept;
    trine_ledger ledger = {TRINE_INIT(trine_ledger)};
    (void)serial;
    for (uint64_t i = 0; i < whole; i++)
        data[i] = (double)(bits_of(i, 0) % 7) - 3;
    CU_ASSERT_EQUAL(trine_array_wrap(team, TRINE_F64, data + first, n, &x), TRINE_OK);
    CU_ASSERT_EQUAL(trine_array_create(team, TRINE_F64, n, TRINE_PRIVATE, &out), TRINE_OK);
    double *got = trine_array_data(out);
    for (int mode = TRINE_EXACT; mode <= TRINE_FAST; mode++) {
        CU_ASSERT_EQUAL(trine_cumsum_f64(x, (trine_mode)mode, out), TRINE_OK);
        trine_team_ledger(team, &ledger);
        CU_ASSERT_EQUAL(ledger.reproducible, ranks == 1 || mode == TRINE_EXACT);
        sum = 0;
        for (uint64_t i = 0; i < whole; i++) {
            sum += data[i];
            CU_ASSERT_TRUE(i < first || i >= first + n || got[i - first] == sum);
        }
    }
    CU_ASSERT_EQUAL(trine_difference(x, out), TRINE_OK);
    for (uint64_t i = first; i < first + n; i++)
        CU_ASSERT_EQUAL(got[i - first], i ? data[i] - data[i - 1] : data[0]);
    CU_ASSERT_EQUAL(trine_reverse(x, out), TRINE_OK);
    for (uint64_t i = first; i < first + n; i++)
        CU_ASSERT_EQUAL(got[i - first], data[whole - 1 - i]);
    CU_ASSERT_EQUAL(trine_compact(trine_predicate_find("nonzero", TRINE_F64), x, NULL, &kept),
                    TRINE_OK);
    uint64_t at = 0;
    for (uint64_t i = first; i < first + n; i++)
        if (data[i] != 0) {
            CU_ASSERT_EQUAL(((double *)trine_array_data(kept))[at], data[i]);
            at++;
        }
    CU_ASSERT_EQUAL((uint64_t)trine_array_n(kept), at);
    CU_ASSERT_EQUAL(trine_array_place(kept), TRINE_PRIVATE);
    trine_array_free(kept);
    trine_array_free(x);
    trine_array_free(out);
    free(data);
}

static void a_whole_of_blocks_is_scanned_across_them(void)
{
    on_every_team(blocks_of_the_callers_own_make_one_whole);
}

/* Results of so many bytes go past the caches, unless they go in place. */
enum { LARGE_BYTES = 17 << 20 };

static void large_results_agree(trine_team *team, trine_team *serial)
{
    trine_scan_operator op = {TRINE_INIT(trine_scan_operator)};
    for (int s = 0; s < NAMES; s++)
        for (int d = 1; d < TRINE_DTYPE_COUNT; d++) {
            if (trine_scan_operator_find(names[s], (trine_dtype)d, &op) ||
                op.out != op.reducer.in[0] || op.out > TRINE_I64)
                continue;
            size_t item = trine_dtype_size(op.out);
            outcome expected = scan(serial, &op, LARGE_BYTES / item + 5, s % 2, false, true);
            outcome got = scan(team, &op, LARGE_BYTES / item + 5, s % 2, false, false);
            CU_ASSERT_TRUE(alike(op.name, team, &got, &expected, item));
            free(got.bytes);
            free(expected.bytes);
        }
}

static void results_past_the_caches_are_those_in_place(void)
{
    on_every_team(large_results_agree);
}

int main(int argc, char **argv)
{
    specs = argv + 1;
    spec_count = argc - 1;
    trine_init();
    CU_TestInfo tests[] = {
        {"every team gives the bits of serial", every_team_gives_the_bits_of_serial},
        {"a scan is the fold that is promised", a_scan_is_the_fold_that_is_promised},
        {"what is kept or reversed is that of serial", what_is_kept_or_reversed_is_that_of_serial},
        {"a whole of the callers' blocks is scanned across them",
         a_whole_of_blocks_is_scanned_across_them},
        {"results that go past the caches are those in place",
         results_past_the_caches_are_those_in_place},
        CU_TEST_INFO_NULL,
    };
    return trine_check_main("scan", tests);
}
