/* SPDX-License-Identifier: MIT */
/*
 * glibc's headers take every target that is none of their machines for a 32-bit one, and that file is rarely installed: without it,
 * <stdint.h> does not compile for BPF. It says which functions of the C library do nothing; programs have none of them.
 */
