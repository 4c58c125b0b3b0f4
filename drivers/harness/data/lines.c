/* drivers/harness/data/lines.c - see lines.h. */
#include "drivers/harness/data/lines.h"

#include "drivers/harness/cli/log.h"

trine_status harness_lines_along(const char *driver, const trine_array *x, int axis,
                                 harness_lines *lines)
{
    int ndim = trine_array_ndim(x);
    *lines = (harness_lines){axis + (axis < 0 ? ndim : 0), 1, 1, 1};
    if (lines->axis < 0 || lines->axis >= ndim) {
        log_line(driver, "--axis %d: the array has %d %s", axis, ndim, ndim == 1 ? "axis" : "axes");
        return TRINE_E_ARGUMENT;
    }
    for (int i = 0; i < ndim; i++) {
        size_t size = (size_t)(i == 0 ? trine_array_local_rows(x) : trine_array_shape(x)[i]);
        *(i < lines->axis    ? &lines->outer
          : i == lines->axis ? &lines->length
                             : &lines->inner) *= size;
    }
    return TRINE_OK;
}
