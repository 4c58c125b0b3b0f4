! use.f90 - a program in Fortran, which needs no more than that the library is linked.
program use
   use, intrinsic :: iso_c_binding
   implicit none
   interface
      function trine_cpus() bind(c)
         import :: c_int
         integer(c_int) :: trine_cpus
      end function
   end interface
   if (trine_cpus() < 1) stop 1
end program
