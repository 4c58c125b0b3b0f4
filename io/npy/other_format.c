/* io/npy/other_format.c - see other_format.h. The formats' first bytes are those of their
 * specifications; file(1) goes by the same. */
#include "io/npy/other_format.h"

#include <stdbool.h>
#include <string.h>

#define UNPACK "; unpack it first"
#define LOAD(call) "; in Python, numpy.save('FILE.npy', " call ") makes one of it"

static const struct {
    const char *begins;
    size_t n;
    const char *text;
} formats[] = {
    {"PK\x03\x04", 4,
     "a zip archive, as numpy.savez makes (.npz): expected one of the .npy files in it; unzip -l "
     "lists them, unzip -p ARCHIVE MEMBER.npy writes one to a pipe" LOAD(
         "numpy.load('ARCHIVE')['MEMBER']")},
    {"PK\x05\x06", 4, "an empty zip archive (.npz)"},
    {"\x89HDF\r\n\x1a\n", 8, "an HDF5 file" LOAD("h5py.File('FILE')['DATASET'][:]")},
    {"CDF\x01", 4, "a netCDF file" LOAD("scipy.io.netcdf_file('FILE').variables['NAME'][:]")},
    {"CDF\x02", 4, "a netCDF file" LOAD("scipy.io.netcdf_file('FILE').variables['NAME'][:]")},
    {"MATLAB 5.0", 10, "a MATLAB file (.mat)" LOAD("scipy.io.loadmat('FILE')['NAME']")},
    {"RIFF", 4, "a WAV or other RIFF file" LOAD("scipy.io.wavfile.read('FILE')[1]")},
    {"fLaC", 4, "a FLAC sound file"},
    {"OggS", 4, "an Ogg file"},
    {"\x1f\x8b", 2, "compressed by gzip" UNPACK " (gzip -dc FILE writes it to a pipe)"},
    {"BZh", 3, "compressed by bzip2" UNPACK " (bzip2 -dc FILE writes it to a pipe)"},
    {"\xfd"
     "7zXZ",
     5, "compressed by xz" UNPACK " (xz -dc FILE writes it to a pipe)"},
    {"\x28\xb5\x2f\xfd", 4, "compressed by zstd" UNPACK " (zstd -dc FILE writes it to a pipe)"},
    {"PAR1", 4, "a Parquet file" LOAD("pandas.read_parquet('FILE')['COLUMN']")},
    {"ARROW1", 6, "an Arrow file" LOAD("pandas.read_feather('FILE')['COLUMN']")},
    {"SIMPLE  =", 9, "a FITS file" LOAD("astropy.io.fits.getdata('FILE')")},
    {"\x89PNG", 4, "a PNG image"},
    {"\x7f"
     "ELF",
     4, "a program"},
    {"\x80\x02", 2, "a Python pickle" LOAD("pickle.load(open('FILE', 'rb'))")},
    {"\x80\x03", 2, "a Python pickle" LOAD("pickle.load(open('FILE', 'rb'))")},
    {"\x80\x04", 2, "a Python pickle" LOAD("pickle.load(open('FILE', 'rb'))")},
    {"\x80\x05", 2, "a Python pickle" LOAD("pickle.load(open('FILE', 'rb'))")}};

/* Whether they may begin a text: no control character but those of lines and tabs. */
static bool are_text(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] == 0x7f || (bytes[i] < ' ' && !strchr("\t\n\r\f", bytes[i])) || !bytes[i])
            return false;
    return true;
}

const char *trine_other_format(const unsigned char *bytes, size_t n)
{
    if (n == 0)
        return "the file is empty";
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (n >= formats[i].n && memcmp(bytes, formats[i].begins, formats[i].n) == 0)
            return formats[i].text;
    if (are_text(bytes, n))
        return "text" LOAD("numpy.loadtxt('FILE', delimiter=',')");
    return "it does not begin with \\x93NUMPY";
}
