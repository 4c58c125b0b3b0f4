/* map_files.c TEAM - applies built-in maps to .npy files. Each line of standard input is
 *     name dtype of the first input (or none), dtype of the output, n, param in hex (or -),
 *     output file, input files...
 * numpy_maps.py writes such lines and judges the outputs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <trine/trine.h>

enum { LINE = 4096, WORDS = 6 + TRINE_ARGS };

static trine_status load(trine_team *team, const char *path, trine_array **array)
{
    trine_npy *file;
    trine_status status = trine_npy_open(team, path, &file);
    if (!status) {
        status = trine_npy_load(file, array);
        trine_npy_close(file);
    }
    return status;
}

static const void *parse_param(const char *hex)
{
    static _Alignas(16) unsigned char bytes[128];
    for (size_t i = 0; i < sizeof bytes && hex[2 * i] && hex[0] != '-'; i++) {
        char byte[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (unsigned char)strtoul(byte, NULL, 16);
    }
    return bytes;
}

static trine_status apply(trine_team *team, char *words[], int count)
{
    trine_array *in[TRINE_ARGS] = {NULL}, *out = NULL;
    const trine_map *map =
        trine_map_find(words[0], trine_dtype_find(words[1]), trine_dtype_find(words[2]));
    if (!map || map->nin != count - 6)
        return TRINE_E_ARGUMENT;
    trine_status status = TRINE_OK;
    for (int i = 0; i < map->nin && !status; i++)
        status = load(team, words[6 + i], &in[i]);
    if (!status)
        status = trine_array_create(team, map->out[0], strtoull(words[3], NULL, 10),
                                    TRINE_DISTRIBUTED, &out);
    if (!status)
        status = trine_apply(map, (const trine_array *const *)in, parse_param(words[4]), &out);
    if (!status)
        status = trine_npy_save(out, words[5]);
    for (int i = 0; i < map->nin; i++)
        trine_array_free(in[i]);
    trine_array_free(out);
    return status;
}

int main(int argc, char **argv)
{
    trine_team *team;
    char line[LINE];
    trine_init();
    if (argc != 2 || trine_team_open(argv[1], &team)) {
        fprintf(stderr, "map_files: %s\n", argc == 2 ? trine_error_detail() : "needs a team");
        return 2;
    }
    while (fgets(line, sizeof line, stdin)) {
        char *words[WORDS] = {NULL}, *rest = NULL;
        int count = 0;
        for (char *w = strtok_r(line, " \n", &rest); w && count < WORDS;
             w = strtok_r(NULL, " \n", &rest))
            words[count++] = w;
        if (count < 6 || apply(team, words, count)) {
            fprintf(stderr, "map_files: %s: %s\n", count ? words[0] : "", trine_error_detail());
            return 1;
        }
    }
    return trine_team_close(team) != TRINE_OK;
}
