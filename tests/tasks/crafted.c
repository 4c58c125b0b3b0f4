/* crafted.c - journals that nobody wrote as they are: with sizes, numbers and identities changed,
 * and their checksums made right again, records missing, twice or of another run, the end cut off
 * or extended. A queue gives the right results, or those that the file says within their bounds, or
 * refuses the file; nothing is written beyond a result's buffer.
 *
 * crafted [SEED [JOURNALS]]: other ones, of each version of the format. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <trine/trine.h>
#include <unistd.h>

#include "check.h"
#include "version1.h"

enum {
    ITEMS = 24,
    RESULT = 40,
    HEADER = 144,
    HEAD = 32,
    BYTES = 1 << 17,
    GUARD = 4096,
    PATH = 256
};

/* Where fields lie. */
enum { AT_INDEX = 0, AT_IDENTITY = 8, AT_SIZE = 16, AT_CHECK = 24, AT_HEADER_CHECK = 136 };

static uint64_t seed = 1, journals = 20000;
static char folder[] = "/dev/shm/trine-crafted-XXXXXX", on_disk[] = "/tmp/trine-crafted-XXXXXX";
static char path[PATH];
static trine_team *team;

/* A journal in memory, of a version of the format. at[i]: where record i begins; forged: results in
 * it may be others than those that its items have. */
typedef struct crafted {
    unsigned char bytes[BYTES];
    size_t size, at[2 * ITEMS + 1];
    int records, version;
    bool forged;
} crafted;

/* Of the version that is at hand. */
static crafted valid, of_others;

static uint64_t draw(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

/* Of item i: 0 to RESULT bytes. */
static size_t result_of(uint64_t i, unsigned char result[RESULT])
{
    size_t size = (size_t)(i * 7 % (RESULT + 1));
    for (size_t k = 0; k < size; k++)
        result[k] = (unsigned char)(i * 131 + k);
    return size;
}

static trine_status run(trine_task *task)
{
    unsigned char result[RESULT];
    uint64_t i;
    memcpy(&i, task->item, sizeof i);
    size_t size = result_of(i, result);
    void *buffer = trine_task_result(task, size);
    if (!buffer)
        return trine_task_refused(task);
    memcpy(buffer, result, size);
    return TRINE_OK;
}

static const trine_task_kind kind = {
    .name = "crafted", .run = run, .item_max = sizeof(uint64_t), .result_max = RESULT};

static const trine_task_options options = {TRINE_INIT(trine_task_options), .journal = path};

static uint64_t field(const unsigned char *at)
{
    uint64_t x;
    memcpy(&x, at, sizeof x);
    return x;
}

static void set_field(unsigned char *at, uint64_t x)
{
    memcpy(at, &x, sizeof x);
}

/* The check of the first n bytes at head, and of a result. */
static trine_journal_check check_of(const crafted *c, size_t head, size_t n, size_t result,
                                    size_t size)
{
    XXH3_state_t state;
    trine_journal_check check;
    if (c->version == 1)
        return version1_check(c->bytes + head, n, c->bytes + result, size);
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, c->bytes + head, n);
    XXH3_64bits_update(&state, c->bytes + result, size);
    uint64_t hash = XXH3_64bits_digest(&state);
    memcpy(&check, &hash, sizeof check);
    return check;
}

/* The check of a record whose result is `there` bytes long in the file, whatever it says. */
static void mend_record(crafted *c, size_t at, size_t there)
{
    trine_journal_check check = check_of(c, at, AT_CHECK, at + HEAD, there);
    memcpy(c->bytes + at + AT_CHECK, &check, sizeof check);
}

static void mend_header(crafted *c)
{
    trine_journal_check check = check_of(c, 0, AT_HEADER_CHECK, HEADER, 0);
    memcpy(c->bytes + AT_HEADER_CHECK, &check, sizeof check);
}

static void write_journal(const crafted *c)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CU_ASSERT_EQUAL_FATAL(write(file, c->bytes, c->size), (ssize_t)c->size);
    close(file);
}

static void read_journal(crafted *c)
{
    int file = open(path, O_RDONLY);
    ssize_t got = read(file, c->bytes, BYTES);
    close(file);
    CU_ASSERT_FATAL(got >= HEADER);
    c->size = (size_t)got;
    c->records = 0;
    for (size_t at = HEADER; at < c->size; at += HEAD + field(c->bytes + at + AT_SIZE))
        c->at[c->records++] = at;
    c->at[c->records] = c->size;
}

/* The journal of items first to first + ITEMS, whose numbers are from 0, in that version. */
static void make_journal(crafted *c, uint64_t first, int version)
{
    uint64_t items[ITEMS];
    for (uint64_t i = 0; i < ITEMS; i++)
        items[i] = first + i;
    unlink(path);
    CU_ASSERT_EQUAL_FATAL(
        trine_task_map(team, &kind, items, ITEMS, sizeof *items, &options, NULL, NULL, NULL),
        TRINE_OK);
    read_journal(c);
    CU_ASSERT_EQUAL_FATAL(c->records, ITEMS);
    c->version = version;
    if (version == 1)
        to_version1(c->bytes, c->size, kind.name, NULL, 0, first);
}

static size_t record_size(const crafted *c, int r)
{
    return c->at[r + 1] - c->at[r];
}

/* Makes space of `more` bytes (or takes -more away) at that place of the file. */
static void shift(crafted *c, size_t at, int64_t more)
{
    size_t from = more < 0 ? at + (size_t)-more : at, to = more > 0 ? at + (size_t)more : at;
    memmove(c->bytes + to, c->bytes + from, c->size - from);
    c->size = c->size - from + to;
    for (int r = 0; r <= c->records; r++)
        if (c->at[r] >= from)
            c->at[r] = c->at[r] - from + to;
}

static void change_bits(crafted *c)
{
    for (uint64_t n = 1 + draw(8); n > 0; n--)
        c->bytes[draw(c->size)] ^= (unsigned char)(1u << draw(8));
}

static uint64_t draw_size(size_t own)
{
    const uint64_t sizes[] = {0,
                              1,
                              own - 1,
                              own + 1,
                              RESULT,
                              RESULT + 1,
                              2 * GUARD,
                              1u << 16,
                              UINT32_MAX,
                              (uint64_t)1 << 32,
                              INT64_MAX,
                              (uint64_t)INT64_MAX + 1,
                              UINT64_MAX - HEAD,
                              UINT64_MAX};
    return sizes[draw(sizeof sizes / sizeof *sizes)];
}

/* A size that the record has not, with as many bytes behind it where there is space for them. */
static void change_size(crafted *c)
{
    int r = (int)draw((uint64_t)c->records);
    size_t at = c->at[r], own = record_size(c, r) - HEAD, there = own;
    uint64_t size = draw_size(own);
    set_field(c->bytes + at + AT_SIZE, size);
    if (size < BYTES - GUARD - c->size && draw(4)) {
        there = (size_t)size;
        if (there > own)
            shift(c, at + HEAD + own, (int64_t)(there - own));
        else
            shift(c, at + HEAD + there, (int64_t)there - (int64_t)own);
        for (size_t k = own; k < there; k++)
            c->bytes[at + HEAD + k] = (unsigned char)k;
        c->forged = true;
    }
    mend_record(c, at, there);
}

static void change_number(crafted *c)
{
    int r = (int)draw((uint64_t)c->records);
    const uint64_t numbers[] = {
        ITEMS, draw(ITEMS), (uint64_t)1 << 32, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
    size_t field_at = draw(2) ? AT_INDEX : AT_IDENTITY;
    set_field(c->bytes + c->at[r] + field_at, numbers[draw(sizeof numbers / sizeof *numbers)]);
    mend_record(c, c->at[r], record_size(c, r) - HEAD);
}

static void change_result(crafted *c)
{
    int r = (int)draw((uint64_t)c->records);
    size_t own = record_size(c, r) - HEAD;
    if (own > 0)
        c->bytes[c->at[r] + HEAD + draw(own)] ^= (unsigned char)(1 + draw(255));
    mend_record(c, c->at[r], own);
    c->forged = true;
}

/* A record of this run once more, or one of another run's, before another. */
static void insert_record(crafted *c)
{
    const crafted *from = draw(2) ? &valid : &of_others;
    int r = (int)draw(ITEMS), before = (int)draw((uint64_t)c->records);
    size_t size = record_size(from, r), at = c->at[before];
    if (c->records == 2 * ITEMS || c->size + size > BYTES - GUARD)
        return;
    shift(c, at, (int64_t)size);
    memcpy(c->bytes + at, from->bytes + from->at[r], size);
    memmove(c->at + before + 1, c->at + before, sizeof *c->at * (size_t)(c->records + 1 - before));
    c->at[before] = at;
    c->records++;
}

static void change_end(crafted *c)
{
    size_t more = draw(300);
    if (draw(2)) {
        c->size = HEADER + draw(c->size - HEADER + 1);
        return;
    }
    for (size_t k = 0; k < more && c->size < BYTES; k++)
        c->bytes[c->size++] = draw(2) ? 0 : (unsigned char)draw(256);
}

static void change_header(crafted *c)
{
    const uint64_t numbers[] = {0, 1, RESULT + 1, UINT32_MAX, INT64_MAX, UINT64_MAX};
    size_t at = 8 * draw(HEADER / 8 - 1);
    set_field(c->bytes + at, numbers[draw(sizeof numbers / sizeof *numbers)]);
    mend_header(c);
}

/* One to three changes; each leaves at[] as it was when records were still to be found by it. */
static void craft(crafted *c)
{
    static void (*const changes[])(crafted *) = {change_size, change_number, change_result,
                                                 insert_record, change_header};
    *c = valid;
    for (uint64_t n = 1 + draw(3); n > 0; n--)
        changes[draw(8) ? draw(4) : 4](c);
    if (draw(4) == 0)
        change_end(c);
    if (draw(4) == 0)
        change_bits(c);
}

/* Right results, or what a forged file says of them, each in its buffer; or a refusal that names
 * the file. */
static bool is_sound(const crafted *c)
{
    static unsigned char results[ITEMS * RESULT + GUARD];
    unsigned char expected[RESULT];
    uint64_t items[ITEMS];
    size_t sizes[ITEMS];
    for (uint64_t i = 0; i < ITEMS; i++)
        items[i] = i;
    memset(results, 0xa5, sizeof results);
    trine_status status =
        trine_task_map(team, &kind, items, ITEMS, sizeof *items, &options, results, sizes, NULL);
    for (size_t k = ITEMS * RESULT; k < sizeof results; k++)
        if (results[k] != 0xa5)
            return false;
    if (status)
        return (status == TRINE_E_FORMAT || status == TRINE_E_IO) &&
               strstr(trine_error_detail(), path) != NULL;
    for (uint64_t i = 0; i < ITEMS; i++) {
        size_t size = result_of(i, expected);
        bool right = sizes[i] == size && memcmp(results + i * RESULT, expected, size) == 0;
        if (sizes[i] > RESULT || (!right && !c->forged))
            return false;
        for (size_t k = sizes[i]; k < RESULT; k++)
            if (results[i * RESULT + k] != 0xa5)
                return false;
    }
    return true;
}

static void no_crafted_journal_leaves_its_bounds(void)
{
    static crafted c;
    for (int version = TRINE_JOURNAL_OLDEST; version <= TRINE_JOURNAL_VERSION; version++) {
        make_journal(&of_others, ITEMS, version);
        make_journal(&valid, 0, version);
        write_journal(&valid);
        CU_ASSERT_TRUE_FATAL(is_sound(&valid));
        for (uint64_t i = 0; i < journals; i++) {
            uint64_t began = seed;
            craft(&c);
            write_journal(&c);
            bool sound = is_sound(&c);
            if (!sound)
                printf("\njournal %llu of seed %llu, version %d: %s\n", (unsigned long long)i,
                       (unsigned long long)began, version, trine_error_detail());
            CU_ASSERT_TRUE_FATAL(sound);
        }
    }
}

/* Every outcome's bytes can be read, and are no more than result_max. */
static void a_stream_gives_no_result_that_is_too_long(void)
{
    static crafted c;
    trine_task_queue *queue;
    trine_task_outcome outcome = {TRINE_INIT(trine_task_outcome)};
    c = valid;
    for (int r = 0; r < ITEMS; r++) {
        size_t own = record_size(&c, r) - HEAD, size = RESULT + 1 + 100 * (size_t)r;
        set_field(c.bytes + c.at[r] + AT_SIZE, size);
        shift(&c, c.at[r] + HEAD + own, (int64_t)(size - own));
        mend_record(&c, c.at[r], size);
    }
    write_journal(&c);
    CU_ASSERT_EQUAL_FATAL(trine_task_open(team, &kind, &options, &queue), TRINE_OK);
    for (uint64_t i = 0; i < ITEMS; i++)
        CU_ASSERT_EQUAL(trine_task_submit(queue, &i, sizeof i, NULL), TRINE_OK);
    for (;;) {
        CU_ASSERT_EQUAL_FATAL(trine_task_next(queue, &outcome), TRINE_OK);
        if (outcome.index == TRINE_TASK_NONE)
            break;
        CU_ASSERT_FALSE(outcome.resumed);
        CU_ASSERT_TRUE_FATAL(outcome.result_size <= RESULT);
    }
    CU_ASSERT_EQUAL(trine_task_close(queue), TRINE_OK);
}

/* A file as large as the size in its record, most of it a hole, is not read to its end. */
static void a_huge_file_is_not_read_through(void)
{
    static crafted c;
    const int64_t huge = (int64_t)1 << 42;
    c = valid;
    set_field(c.bytes + c.at[0] + AT_SIZE, (uint64_t)huge / 2);
    mend_record(&c, c.at[0], 0);
    write_journal(&c);
    if (truncate(path, huge) == 0)
        CU_ASSERT_TRUE(is_sound(&c));
    struct stat after;
    CU_ASSERT_TRUE(stat(path, &after) == 0 && after.st_size == (int64_t)valid.size);
}

/* Records of numbers that no item has behind the others, so that what a queue has read when it is
 * open is not the beginning. */
static void extend(crafted *c)
{
    enum { MORE = 1400 };
    for (uint64_t i = 0; i < MORE; i++) {
        size_t at = c->size;
        memset(c->bytes + at, 0, HEAD + RESULT);
        set_field(c->bytes + at + AT_INDEX, ITEMS + i);
        set_field(c->bytes + at + AT_SIZE, RESULT);
        mend_record(c, at, RESULT);
        c->size += HEAD + RESULT;
    }
}

/* What others than trine write into the file while a queue is open, whom its lock does not keep
 * away, is found, too. */
static void a_record_that_changes_under_a_queue_is_found(void)
{
    static const uint64_t sizes[] = {RESULT + 1, GUARD, INT64_MAX, UINT64_MAX};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        static crafted c;
        trine_task_queue *queue;
        trine_status status = TRINE_OK;
        c = valid;
        extend(&c);
        write_journal(&c);
        CU_ASSERT_EQUAL_FATAL(trine_task_open(team, &kind, &options, &queue), TRINE_OK);
        for (int r = 0; r < ITEMS; r++)
            set_field(c.bytes + c.at[r] + AT_SIZE, sizes[s]);
        int file = open(path, O_WRONLY);
        CU_ASSERT_EQUAL(write(file, c.bytes, c.size), (ssize_t)c.size);
        close(file);
        for (uint64_t i = 0; i < ITEMS && !status; i++)
            status = trine_task_submit(queue, &i, sizeof i, NULL);
        CU_ASSERT_EQUAL(status, TRINE_E_IO);
        CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "not what it was"));
        (void)trine_task_close(queue);
    }
}

static void the_name_in_a_header_controls_no_terminal(void)
{
    static crafted c;
    c = valid;
    memcpy(c.bytes + 72, "\033[2J\rroot\177", 11);
    set_field(c.bytes + 16, 1);
    mend_header(&c);
    write_journal(&c);
    uint64_t item = 0;
    CU_ASSERT_EQUAL(trine_task_map(team, &kind, &item, 1, sizeof item, &options, NULL, NULL, NULL),
                    TRINE_E_FORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(trine_error_detail(), "'?[2J?root?'"));
}

int main(int argc, char **argv)
{
    CU_TestInfo tests[] = {
        {"no crafted journal leaves its bounds", no_crafted_journal_leaves_its_bounds},
        {"a stream gives no result that is too long", a_stream_gives_no_result_that_is_too_long},
        {"a huge file is not read through", a_huge_file_is_not_read_through},
        {"a record that changes under a queue is found",
         a_record_that_changes_under_a_queue_is_found},
        {"the name in a header controls no terminal", the_name_in_a_header_controls_no_terminal},
        CU_TEST_INFO_NULL};
    if (argc > 1)
        seed = strtoull(argv[1], NULL, 0);
    if (argc > 2)
        journals = strtoull(argv[2], NULL, 0);
    trine_init();
    const char *made = mkdtemp(folder) ? folder : mkdtemp(on_disk);
    if (!made || trine_team_open("serial", &team))
        return 1;
    snprintf(path, sizeof path, "%s/journal", made);
    int failed = trine_check_main("crafted", tests);
    trine_team_close(team);
    unlink(path);
    rmdir(made);
    return failed;
}
