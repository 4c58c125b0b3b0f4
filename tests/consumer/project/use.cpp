// use.cpp - the same from C++, on threads where there are any.
#include <iostream>
#include <trine/trine.h>
#include <vector>

int main()
{
    std::vector<double> x{1e16, 1, -1e16};
    double sum = 0;
    trine_team *team = nullptr;
    trine_array *array = nullptr;
    if (trine_team_open(nullptr, &team) ||
        trine_array_wrap(team, TRINE_F64, x.data(), x.size(), &array) ||
        trine_sum_f64(array, TRINE_EXACT, &sum)) {
        std::cerr << trine_error_detail() << '\n';
        return 2;
    }
    trine_array_free(array);
    trine_team_close(team);
    return sum == 1 ? 0 : 1;
}
