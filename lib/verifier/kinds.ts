/** The classes of what the verifier refuses. */
export type VerifierFailureKind =
  /** An argument of a helper or a kernel function has a type that it does not take. */
  | 'argument-type'
  /** The size that goes with a pointer is negative, zero, or may be too large. */
  | 'argument-size'
  /** An atomic operation on memory that allows none. */
  | 'atomic-access'
  /** The function to attach to is not one that such a program may be attached to. */
  | 'attach-target'
  /** More than eight frames of functions that call each other. */
  | 'call-depth'
  /** A field of the context that is not there, has another size, or cannot be written. */
  | 'context-access'
  /** A dynptr that was not made, or was overwritten. */
  | 'dynptr'
  /** A global function that the verifier cannot check by itself. */
  | 'global-function'
  /** The program's type, or its attach type, cannot call this helper. */
  | 'helper-not-allowed'
  /** The object's BTF does not fit its code, or the kernel cannot read it. */
  | 'invalid-btf'
  /** An instruction that this kernel does not know, or that can never be right, such as a division by the constant 0. */
  | 'invalid-instruction'
  /** Memory is accessed by a value that is no pointer for the verifier. */
  | 'invalid-pointer'
  /** An iterator that was not made, or was destroyed. */
  | 'iterator'
  /** A jump goes out of the function. */
  | 'jump-out-of-range'
  /** What is given back was not acquired, or only a part of it is. */
  | 'invalid-release'
  /** The program's type cannot call this function of the kernel. */
  | 'kfunc-not-allowed'
  /** A reference is still held at the end: a ring's record, a socket, a task. */
  | 'leaked-reference'
  /** Not allowed while a lock is held, or the lock is still held at the end. */
  | 'lock-held'
  /** A value of a map is accessed outside of its size. */
  | 'map-value-out-of-bounds'
  /** Memory of a known size, such as a ring's record, is accessed outside of it. */
  | 'memory-out-of-bounds'
  /** Memory is accessed at an offset that its size does not divide. */
  | 'misaligned-access'
  /** A function only for programs under the GPL. */
  | 'missing-gpl'
  /** A function of the program does not end in `exit` or a jump. */
  | 'no-exit'
  /** An argument has to be a constant. */
  | 'not-constant'
  /** A pointer is followed where it is known to be NULL. */
  | 'null-dereference'
  /** A packet is read or written beyond what was compared to its end. */
  | 'packet-out-of-bounds'
  /** Arithmetic that a pointer does not allow. */
  | 'pointer-arithmetic'
  /** A pointer of the kernel would be seen outside. */
  | 'pointer-leak'
  /** Memory that cannot be written is written, or a map that programs may only write to is read. */
  | 'read-only-memory'
  /** A function calls itself, or one that calls it. */
  | 'recursion'
  /** The value that the program returns is outside of what its type may return. */
  | 'return-value'
  /** A lock, a timer or another field that only its helpers may touch. */
  | 'special-field'
  /** A call that may sleep, in a program or at a place that may not. */
  | 'sleepable'
  /** The stack is accessed outside of the buffer, or at an offset that is not bounded. */
  | 'stack-out-of-bounds'
  /** More than 512 bytes of stack. */
  | 'stack-overflow'
  /** A pointer into a packet from before a helper that may have moved it. */
  | 'stale-packet-pointer'
  /** A member of a struct_ops that programs cannot be attached to. */
  | 'struct-ops'
  /** A tail call where none can be made. */
  | 'tail-call'
  /** More instructions or states than the verifier walks over. */
  | 'too-complex'
  /** A loop whose end the verifier does not see. */
  | 'unbounded-loop'
  /** The result of a look-up that may be NULL is used. */
  | 'unchecked-map-value'
  /** Another pointer that may be NULL is used. */
  | 'unchecked-pointer'
  /** A register is read that holds nothing. */
  | 'uninitialised-register'
  /** Bytes of the stack are read that nothing was written to. */
  | 'uninitialised-stack'
  /** This kernel has no helper of this number. */
  | 'unknown-helper'
  /** This kernel has no such function that programs may call. */
  | 'unknown-kfunc'
  /** A type, field or enumerator that this kernel does not have (CO-RE). */
  | 'unmatched-core-relocation'
  /** A map that was not made is used. */
  | 'uncreated-map'
  /** Instructions that nothing leads to. */
  | 'unreachable-code'
  /** A pointer that the kernel does not keep valid. */
  | 'untrusted-pointer'
  /** Memory that was given back is used, or given back again. */
  | 'use-after-release'
  /** The helper does not take maps of this type. */
  | 'wrong-map-type'
  /** None of these: `rule` says what the verifier said. */
  | 'unknown'
