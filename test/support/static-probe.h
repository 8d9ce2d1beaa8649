/* Static probes (USDT), as sys/sdt.h makes them, for machines that lack it: a nop, and a note that says
 * where it is, where its semaphore is, and in which registers or memory its arguments are.
 * The note's layout: https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation */
#ifndef STATIC_PROBE_H
#define STATIC_PROBE_H

/* The name of a semaphore as the assembler knows it, or "0". `arguments` is the note's own language:
 * `-4@%[name]` is a signed argument of 4 bytes in the operand [name]. */
#define STATIC_PROBE(provider, name, semaphore, arguments, ...)        \
  __asm__ volatile(                                                    \
      "990: nop\n"                                                     \
      ".pushsection .note.stapsdt, \"\", \"note\"\n"                   \
      ".balign 4\n"                                                    \
      ".4byte 992f-991f, 994f-993f, 3\n"                               \
      "991: .asciz \"stapsdt\"\n"                                      \
      "992: .balign 4\n"                                               \
      "993: .8byte 990b\n"                                             \
      ".8byte _.stapsdt.base\n"                                        \
      ".8byte " semaphore                                              \
      "\n"                                                             \
      ".asciz \"" provider                                             \
      "\"\n"                                                           \
      ".asciz \"" name                                                 \
      "\"\n"                                                           \
      ".asciz \"" arguments                                            \
      "\"\n"                                                           \
      "994: .balign 4\n"                                               \
      ".popsection\n"                                                  \
      ".ifndef _.stapsdt.base\n"                                       \
      ".pushsection .stapsdt.base, \"aG\", \"progbits\", .stapsdt.base, comdat\n" \
      ".weak _.stapsdt.base\n"                                         \
      ".hidden _.stapsdt.base\n"                                       \
      "_.stapsdt.base: .space 1\n"                                     \
      ".size _.stapsdt.base, 1\n"                                      \
      ".popsection\n"                                                  \
      ".endif\n"                                                       \
      ::__VA_ARGS__)

#endif
