#include "child.h"
int main(void){return 0;}
