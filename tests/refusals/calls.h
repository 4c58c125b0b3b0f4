/* calls.h - every exported function that is Collective, with good and bad values of its arguments.
 */
#ifndef TRINE_TESTS_REFUSALS_CALLS_H
#define TRINE_TESTS_REFUSALS_CALLS_H

#include <trine/trine.h>

/* Shapes of arrays, in rows and columns. */
typedef enum shape {
    VECTOR,
    MATRIX_A,
    MATRIX_B,
    MATRIX_C,
    TURNED_A,
    VECTOR_K,
    VECTOR_M,
    SHAPES
} shape;

enum { MAX_ARGUMENTS = 9, MAX_BAD = 3, RESULT_BYTES = 1 << 14 };

typedef union value {
    const void *pointer;
    trine_array *array;
    double number;
    int64_t integer;
} value;

/* ARRAY: of that type and shape. When `any`, every type is taken. written: by the call. OTHER:
 * anything else, a good value and `bads` bad ones; root: it is rank 0's that matters. */
typedef enum kind { NONE, ARRAY, OTHER } kind;
typedef struct argument {
    kind kind;
    trine_dtype dtype;
    shape shape;
    bool any, written, root;
    value good;
    int bads;
    value bad[MAX_BAD];
} argument;

/* call: makes the call, and gives back what a good one has made. */
typedef struct entry {
    const char *name;
    trine_status (*call)(const value *v);
    argument argument[MAX_ARGUMENTS];
} entry;

/* Where results go, and handles of what is made. */
extern _Alignas(64) unsigned char result[RESULT_BYTES];
extern void *made;

/* Makes what the table's values point at; path: of a file that is not there yet. Collective. */
trine_status calls_open(trine_team *team, const char *path);
void calls_close(void);

extern const entry table[];
extern const int entries;

/* Exported functions that are not Collective. */
extern const char *const others[];

#endif
