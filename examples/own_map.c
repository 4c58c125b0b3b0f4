/* own_map.c - a map of one's own: points of the Mandelbrot set by the number of an element, on
 * every team. What it computes knows no thread, process or rank. */
#include <stdio.h>
#include <string.h>
#include <trine/trine.h>

enum { WIDTH = 60, HEIGHT = 24, MOST_STEPS = 255 };

/* Plain bytes, copied to every worker. */
typedef struct view {
    double left, top, step;
} view;

/* Steps until z = z^2 + c leaves the circle of radius 2. */
static void escape_steps(const trine_chunk *chunk, const void *param)
{
    const view *v = param;
    uint8_t *out = chunk->out[0];
    for (int64_t i = 0; i < chunk->n; i++) {
        uint64_t index = (uint64_t)(chunk->offset + i);
        double x = v->left + v->step * (double)(index % WIDTH), re = 0;
        double y = v->top - 2 * v->step * (double)(index / WIDTH), im = 0;
        int steps = 0;
        while (re * re + im * im <= 4 && steps < MOST_STEPS) {
            double next = re * re - im * im + x;
            im = 2 * re * im + y;
            re = next;
            steps++;
        }
        out[i] = (uint8_t)steps;
    }
}

int main(void)
{
    static const trine_map mandelbrot = {
        TRINE_INIT(trine_map),      .name = "mandelbrot",  .nin = 0, .nout = 1, .out = {TRINE_U8},
        .param_size = sizeof(view), .apply = escape_steps,
    };
    static const char shades[] = " .:-=+*#%@";
    const char *const specs[] = {"serial", "omp:3", "pool:3"};
    const view whole = {-2.1, 1.2, 0.05};
    unsigned char first[WIDTH * HEIGHT];
    trine_init();
    for (int i = 0; i < 3; i++) {
        trine_team *team;
        trine_array *picture;
        if (trine_team_open(specs[i], &team) ||
            trine_array_create(team, TRINE_U8, WIDTH * HEIGHT, TRINE_SHARED, &picture))
            return fprintf(stderr, "%s\n", trine_error_detail()), 1;
        trine_array *const out[] = {picture};
        if (trine_apply(&mandelbrot, NULL, &whole, out))
            return fprintf(stderr, "%s\n", trine_error_detail()), 1;
        const unsigned char *steps = trine_array_data(picture);
        if (i == 0)
            memcpy(first, steps, sizeof first);
        if (memcmp(first, steps, sizeof first) != 0)
            return fprintf(stderr, "%s differs\n", specs[i]), 1;
        trine_array_free(picture);
        trine_team_close(team);
    }
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++)
            putchar(shades[first[y * WIDTH + x] * 9 / MOST_STEPS]);
        putchar('\n');
    }
    trine_finalize();
    return 0;
}
