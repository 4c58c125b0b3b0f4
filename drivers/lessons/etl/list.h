/* drivers/lessons/etl/list.h - which files are read, and what each one's output is called. */
#ifndef TRINE_ETL_LIST_H
#define TRINE_ETL_LIST_H

#include "drivers/lessons/etl/sound.h"

/* failed: set by whoever works on it. */
typedef struct etl_file {
    char *in, *out;
    bool failed;
} etl_file;

/* refused: files that were left out of it. */
typedef struct etl_list {
    etl_file *file;
    size_t count, refused;
} etl_list;

/* Told why files were left out. */
typedef void etl_refused(const char *text);

/* The files among `paths`, and in order of their names those of the folders among them, but for
 * names that begin with a dot. The output of FOLDER/NAME.wav is out_folder/NAME.wav, that of any
 * other FOLDER/NAME is out_folder/NAME.wav with NAME whole, x.flac.wav. A path that is not there
 * counts as a file, for whoever opens it to say so. Files whose outputs would have one name are
 * left out. False when an output would replace an input. list_free in any case. */
bool list_files(etl_list *list, const char *const paths[], int count, const char *out_folder,
                etl_refused *refused, sound_error *error);

void list_free(etl_list *list);

#endif
