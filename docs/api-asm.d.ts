// The public API, rolled up from lib/asm/index.ts. Made by "npm run api"; do not edit.

// As in api.d.ts: Anchor, Binary, BpfMap, BpfProgram, BreakpointAccess, CacheLevel, CacheOperation, CacheResult, CgroupAttachType, CgroupHook, CgroupLinkInfo, CgroupOrder, Common, Cookie, Direction, EbpfError, FailureContext, FirstAttached, FlowDissectorHook, FreplaceHook, HardwareEvent, Hook, InterfacePlace, IteratorHook, IteratorLinkInfo, KprobeHook, KprobeMultiHook, KprobeMultiLinkInfo, KsyscallHook, LineOptions, LineStream, Link, LinkInfo, LinkSet, LircHook, LsmCgroupHook, LsmHook, MapInfo, MapOwner, NativeMapInfo, NetfilterFamily, NetfilterHook, NetfilterHookName, NetfilterLinkInfo, NetkitHook, NetkitLinkInfo, NetkitSide, NetnsLinkInfo, NetworkNamespace, Ordering, PassedOver, PathOrDescriptor, PerfEventHook, PerfEventLinkInfo, PerfEventPrecision, PerfEventSource, ProbeMode, ProcessBinary, ProgramInfo, RawTracepointHook, RawTracepointLinkInfo, Resource, ReuseportHook, SkLookupHook, SocketFilterHook, SockmapAttachType, SockmapHook, SockmapLinkInfo, SoftwareEvent, StructOpsLinkInfo, StructOpsMap, TcHook, TcxHook, TcxLinkInfo, TestRunOptions, TestRunResult, TpBtfHook, TracepointHook, TracingHook, TracingLinkInfo, UnknownLinkInfo, UpdateOptions, UprobeHook, UprobeMultiHook, UprobeMultiLinkInfo, UsdtHook, VerifierStatistics, XdpHook, XdpLinkInfo, XdpMode

import { Readable } from 'node:stream';
/** A place in a source file. */
interface SourcePlace {
    /** Absolute path. */
    readonly file: string;
    /** From 1. */
    readonly line: number;
    /** From 1. */
    readonly column: number;
    /** The line itself, where no file has it. */
    readonly text?: string;
}
/** One instruction as data: its fields, and what becomes a number only when a program is put together. */

/** The fields of an instruction (`struct bpf_insn` of linux/bpf.h). */
interface InstructionFields {
    readonly opcode: number;
    /** Number of the destination register. */
    readonly destination: number;
    /** Number of the source register, or what the immediate is. */
    readonly source: number;
    /** 16 bits, signed. */
    readonly offset: number;
    /** 32 bits, signed. */
    readonly immediate: number;
    /** The upper 32 bits of a 64-bit load's value, signed; other instructions have none. */
    readonly upper?: number;
}
/** What stands for a number that is known only in a whole program, or in the running kernel. */
type Reference = 
/** A place in the program: the instruction's distance from it. */
{
    readonly kind: 'label';
    readonly name: string;
}
/** A map, or a place in the values of one of an array, bytes from its start. */
 | {
    readonly kind: 'map';
    readonly map: BpfMap;
    readonly offset?: number;
}
/** A function of the kernel that programs may call. */
 | {
    readonly kind: 'kernelFunction';
    readonly name: string;
};
/** An instruction, as the functions of this module make it. */
interface Instruction extends InstructionFields {
    readonly reference?: Reference;
    /** Where it was made. */
    readonly place?: SourcePlace;
}
/** A place in a program that jumps and calls name. */
interface Label {
    readonly label: string;
    /** Whether a function begins here: it ends where the next one begins. */
    readonly function: boolean;
    readonly place?: SourcePlace;
}
/** What a program is a list of. */
type Item = Instruction | Label;
/** A register of 64 bits. */
declare class Register {
    readonly number: number;
    toString(): string;
}
/** The lower 32 bits of a register: writing them makes the upper ones zero. */
declare class HalfRegister {
    readonly number: number;
    toString(): string;
}
/** The result of calls, and of the program. */
declare const r0: Register;
/** The context at the program's start; the first argument of calls, which leave nothing in `r1` to `r5`. */
declare const r1: Register;
declare const r2: Register;
declare const r3: Register;
declare const r4: Register;
declare const r5: Register;
/** `r6` to `r9` outlive calls. */
declare const r6: Register;
declare const r7: Register;
declare const r8: Register;
declare const r9: Register;
/** The end of the stack, 512 bytes long; it cannot be written. */
declare const r10: Register;
declare const w0: HalfRegister;
declare const w1: HalfRegister;
declare const w2: HalfRegister;
declare const w3: HalfRegister;
declare const w4: HalfRegister;
declare const w5: HalfRegister;
declare const w6: HalfRegister;
declare const w7: HalfRegister;
declare const w8: HalfRegister;
declare const w9: HalfRegister;
/** What is added, subtracted and so on: a register as wide as the other one, or a number of 32 bits, extended by its sign. */
type Operand<R extends Register | HalfRegister> = R | number;
/** `destination = operand`. A number is extended by its sign to the register's width. */
declare function mov<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction;
/** `destination = (s8)source`: the lower `bits`, extended by their sign. Linux 6.6. */
declare function movsx<R extends Register | HalfRegister>(destination: R, source: R, bits: 8 | 16 | 32): Instruction;
declare function add<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction;
declare function sub<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction;
declare function mul<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction;
/** Without signs. By zero it is 0. */
declare function div<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction;
/** With signs. Linux 6.6. */
declare function sdiv<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction;
/** What is left of a division without signs. By zero nothing changes. */
declare function mod<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction;
/** What is left of a division with signs. Linux 6.6. */
declare function smod<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction;
declare function or<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction;
declare function and<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction;
declare function xor<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction;
/** To the left, by less bits than the register has. */
declare function lsh<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction;
/** To the right, zeros come in. */
declare function rsh<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction;
/** To the right, the sign comes in. */
declare function arsh<R extends Register | HalfRegister>(destination: R, operand: Operand<R>): Instruction;
/** `destination = -destination`. */
declare function neg(destination: Register | HalfRegister): Instruction;
/** The lower `bits`, of this machine's byte order, in that of little-endian ones; the bits above become zero. */
declare function toLittleEndian(destination: Register, bits: 16 | 32 | 64): Instruction;
/** The lower `bits`, of this machine's byte order, in that of networks; the bits above become zero. */
declare function toBigEndian(destination: Register, bits: 16 | 32 | 64): Instruction;
/** The lower `bits` in the other byte order; the bits above become zero. Linux 6.6. */
declare function bswap(destination: Register, bits: 16 | 32 | 64): Instruction;
/** `destination = addr_space_cast(source, to, from)`, for pointers into arenas: 0 is the kernel's, 1 the program's. Linux 6.9. */
declare function addressSpaceCast(destination: Register, source: Register, to: 0 | 1, from: 0 | 1): Instruction;
/**
 * Reads text: an instruction a line, as {@link disassemble}, the verifier and bpftool write it, with or without the numbers and
 * opcodes before it (`0: (b7) r0 = 0`). `name:` alone on a line is a label, which jumps and calls may name in place of a distance (`goto name`,
 * `call name`), and what follows a `;` is a comment.
 *
 * @throws TypeError for a line that is no instruction, with its number
 */
declare function assemble(text: string): Item[];
/** Of bytes. */
interface ByteOrderOptions {
    /** This machine's by default. */
    endianness?: 'little' | 'big';
}
/**
 * The instructions in bytes, such as a section of an object file.
 *
 * @throws TypeError when there is no such instruction, with its number
 */
declare function decode(bytes: Uint8Array, options?: ByteOrderOptions): InstructionFields[];
/**
 * The bytes of a program whose references are all labels: what a section of an object file would hold.
 *
 * @throws TypeError where a map or a function of the kernel is named, which only `loadProgram` finds
 */
declare function encode(items: readonly Item[], options?: ByteOrderOptions): Uint8Array;
/** In the order of their numbers (`___BPF_FUNC_MAPPER` of linux/bpf.h); nothing was added since Linux 6.0 but what the header has. */
declare const NAMES: readonly ["unspec", "map_lookup_elem", "map_update_elem", "map_delete_elem", "probe_read", "ktime_get_ns", "trace_printk", "get_prandom_u32", "get_smp_processor_id", "skb_store_bytes", "l3_csum_replace", "l4_csum_replace", "tail_call", "clone_redirect", "get_current_pid_tgid", "get_current_uid_gid", "get_current_comm", "get_cgroup_classid", "skb_vlan_push", "skb_vlan_pop", "skb_get_tunnel_key", "skb_set_tunnel_key", "perf_event_read", "redirect", "get_route_realm", "perf_event_output", "skb_load_bytes", "get_stackid", "csum_diff", "skb_get_tunnel_opt", "skb_set_tunnel_opt", "skb_change_proto", "skb_change_type", "skb_under_cgroup", "get_hash_recalc", "get_current_task", "probe_write_user", "current_task_under_cgroup", "skb_change_tail", "skb_pull_data", "csum_update", "set_hash_invalid", "get_numa_node_id", "skb_change_head", "xdp_adjust_head", "probe_read_str", "get_socket_cookie", "get_socket_uid", "set_hash", "setsockopt", "skb_adjust_room", "redirect_map", "sk_redirect_map", "sock_map_update", "xdp_adjust_meta", "perf_event_read_value", "perf_prog_read_value", "getsockopt", "override_return", "sock_ops_cb_flags_set", "msg_redirect_map", "msg_apply_bytes", "msg_cork_bytes", "msg_pull_data", "bind", "xdp_adjust_tail", "skb_get_xfrm_state", "get_stack", "skb_load_bytes_relative", "fib_lookup", "sock_hash_update", "msg_redirect_hash", "sk_redirect_hash", "lwt_push_encap", "lwt_seg6_store_bytes", "lwt_seg6_adjust_srh", "lwt_seg6_action", "rc_repeat", "rc_keydown", "skb_cgroup_id", "get_current_cgroup_id", "get_local_storage", "sk_select_reuseport", "skb_ancestor_cgroup_id", "sk_lookup_tcp", "sk_lookup_udp", "sk_release", "map_push_elem", "map_pop_elem", "map_peek_elem", "msg_push_data", "msg_pop_data", "rc_pointer_rel", "spin_lock", "spin_unlock", "sk_fullsock", "tcp_sock", "skb_ecn_set_ce", "get_listener_sock", "skc_lookup_tcp", "tcp_check_syncookie", "sysctl_get_name", "sysctl_get_current_value", "sysctl_get_new_value", "sysctl_set_new_value", "strtol", "strtoul", "sk_storage_get", "sk_storage_delete", "send_signal", "tcp_gen_syncookie", "skb_output", "probe_read_user", "probe_read_kernel", "probe_read_user_str", "probe_read_kernel_str", "tcp_send_ack", "send_signal_thread", "jiffies64", "read_branch_records", "get_ns_current_pid_tgid", "xdp_output", "get_netns_cookie", "get_current_ancestor_cgroup_id", "sk_assign", "ktime_get_boot_ns", "seq_printf", "seq_write", "sk_cgroup_id", "sk_ancestor_cgroup_id", "ringbuf_output", "ringbuf_reserve", "ringbuf_submit", "ringbuf_discard", "ringbuf_query", "csum_level", "skc_to_tcp6_sock", "skc_to_tcp_sock", "skc_to_tcp_timewait_sock", "skc_to_tcp_request_sock", "skc_to_udp6_sock", "get_task_stack", "load_hdr_opt", "store_hdr_opt", "reserve_hdr_opt", "inode_storage_get", "inode_storage_delete", "d_path", "copy_from_user", "snprintf_btf", "seq_printf_btf", "skb_cgroup_classid", "redirect_neigh", "per_cpu_ptr", "this_cpu_ptr", "redirect_peer", "task_storage_get", "task_storage_delete", "get_current_task_btf", "bprm_opts_set", "ktime_get_coarse_ns", "ima_inode_hash", "sock_from_file", "check_mtu", "for_each_map_elem", "snprintf", "sys_bpf", "btf_find_by_name_kind", "sys_close", "timer_init", "timer_set_callback", "timer_start", "timer_cancel", "get_func_ip", "get_attach_cookie", "task_pt_regs", "get_branch_snapshot", "trace_vprintk", "skc_to_unix_sock", "kallsyms_lookup_name", "find_vma", "loop", "strncmp", "get_func_arg", "get_func_ret", "get_func_arg_cnt", "get_retval", "set_retval", "xdp_get_buff_len", "xdp_load_bytes", "xdp_store_bytes", "copy_from_user_task", "skb_set_tstamp", "ima_file_hash", "kptr_xchg", "map_lookup_percpu_elem", "skc_to_mptcp_sock", "dynptr_from_mem", "ringbuf_reserve_dynptr", "ringbuf_submit_dynptr", "ringbuf_discard_dynptr", "dynptr_read", "dynptr_write", "dynptr_data", "tcp_raw_gen_syncookie_ipv4", "tcp_raw_gen_syncookie_ipv6", "tcp_raw_check_syncookie_ipv4", "tcp_raw_check_syncookie_ipv6", "ktime_get_tai_ns", "user_ringbuf_drain", "cgrp_storage_get", "cgrp_storage_delete"];
/** A helper, as C calls it. */
type HelperName = `bpf_${Exclude<(typeof NAMES)[number], 'unspec'>}`;
/** The helper of a number, as the kernel names it; `undefined` for one that is newer than this library. */
declare function helperName(number: number): string | undefined;
/** How two operands are compared: `s` by the sign, `&` asks for a bit that both have. */
type Condition = '==' | '!=' | '>' | '>=' | '<' | '<=' | 's>' | 's>=' | 's<' | 's<=' | '&';
/** A label, or a distance in slots from the next instruction. */
type Target = string | number;
/** A place that jumps can name. */
declare function label(name: string): Label;
/** A function begins here: what `callFunction` and `loadFunction` name. It ends where the next one begins. */
declare function func(name: string): Label;
/** Goes on somewhere else, as far as 16 bits reach. */
declare function goto(target: Target): Instruction;
/** {@link goto} as far as 32 bits reach. Linux 6.6. */
declare function gotol(target: Target): Instruction;
/** Goes on somewhere else where the condition is true. A number has 32 bits, and is extended by its sign. */
declare function gotoIf<R extends Register | HalfRegister>(left: R, condition: Condition, right: R | number, target: Target): Instruction;
/** Goes on somewhere else once the kernel finds that a loop has been going on for too long: it needs no bound. Linux 6.9. */
declare function mayGoto(target: Target): Instruction;
/** Goes on at the address in a register, out of an `insn_array` map. Linux 6.19. */
declare function gotox(destination: Register): Instruction;
/** Calls a helper of the kernel, by its name or number: arguments in `r1` to `r5`, the result in `r0`. */
declare function call(helper: HelperName | number): Instruction;
/** Calls a function of this program. Linux 4.16. */
declare function callFunction(name: string): Instruction;
/** Calls a function of the kernel that programs may call, of the kernel itself, not of a module. Linux 5.13. */
declare function callKernel(name: string): Instruction;
/** Ends the function, or the program: `r0` is its result. */
declare function exit(): Instruction;
/**
 * The text that the kernel's verifier and bpftool write for an instruction, such as `r0 = *(u32 *)(r1 +4)`. What only programs
 * that are not yet loaded have, references to maps and functions, is written as bpftool does: `map[fd:5]`, `subprog[+7]`.
 *
 * @throws TypeError for fields that are no instruction
 */
declare function instructionText(fields: InstructionFields): string;
/** Bytes of instructions as text: a line for each, with its number in slots, as bpftool numbers them. {@link assemble} reads it. */
declare function disassemble(code: Uint8Array | readonly InstructionFields[], options?: ByteOrderOptions): string;
/** What happens in a cgroup, and libbpf's name of the program type that it takes. */
declare const PROGRAM_TYPES: {
    readonly inet_ingress: "cgroup_skb";
    readonly inet_egress: "cgroup_skb";
    readonly inet_sock_create: "cgroup_sock";
    readonly inet_sock_release: "cgroup_sock";
    readonly inet4_post_bind: "cgroup_sock";
    readonly inet6_post_bind: "cgroup_sock";
    readonly inet4_bind: "cgroup_sock_addr";
    readonly inet6_bind: "cgroup_sock_addr";
    readonly inet4_connect: "cgroup_sock_addr";
    readonly inet6_connect: "cgroup_sock_addr";
    readonly unix_connect: "cgroup_sock_addr";
    readonly udp4_sendmsg: "cgroup_sock_addr";
    readonly udp6_sendmsg: "cgroup_sock_addr";
    readonly unix_sendmsg: "cgroup_sock_addr";
    readonly udp4_recvmsg: "cgroup_sock_addr";
    readonly udp6_recvmsg: "cgroup_sock_addr";
    readonly unix_recvmsg: "cgroup_sock_addr";
    readonly inet4_getpeername: "cgroup_sock_addr";
    readonly inet6_getpeername: "cgroup_sock_addr";
    readonly unix_getpeername: "cgroup_sock_addr";
    readonly inet4_getsockname: "cgroup_sock_addr";
    readonly inet6_getsockname: "cgroup_sock_addr";
    readonly unix_getsockname: "cgroup_sock_addr";
    readonly sock_ops: "sock_ops";
    readonly device: "cgroup_device";
    readonly sysctl: "cgroup_sysctl";
    readonly getsockopt: "cgroup_sockopt";
    readonly setsockopt: "cgroup_sockopt";
};
/** `enum bpf_cgroup_iter_order` of linux/bpf.h. */
declare const ORDERS: {
    readonly self: 1;
    readonly descendants_pre: 2;
    readonly descendants_post: 3;
    readonly ancestors_up: 4;
    readonly children: 5;
};
/** NFPROTO_* of linux/netfilter.h; the kernel takes no others here. */
declare const FAMILIES: {
    readonly ipv4: 2;
    readonly ipv6: 10;
};
/** `enum nf_inet_hooks` of linux/netfilter.h. */
declare const HOOKS: {
    readonly prerouting: 0;
    readonly input: 1;
    readonly forward: 2;
    readonly output: 3;
    readonly postrouting: 4;
};
/** `enum perf_sw_ids` of linux/perf_event.h, without those that never give a sample. */
declare const SOFTWARE: {
    readonly 'cpu-clock': 0;
    readonly 'task-clock': 1;
    readonly 'page-faults': 2;
    readonly 'context-switches': 3;
    readonly 'cpu-migrations': 4;
    readonly 'minor-faults': 5;
    readonly 'major-faults': 6;
    readonly 'alignment-faults': 7;
    readonly 'emulation-faults': 8;
    readonly 'cgroup-switches': 11;
};
/** `enum perf_hw_id`. */
declare const HARDWARE: {
    readonly 'cpu-cycles': 0;
    readonly instructions: 1;
    readonly 'cache-references': 2;
    readonly 'cache-misses': 3;
    readonly 'branch-instructions': 4;
    readonly 'branch-misses': 5;
    readonly 'bus-cycles': 6;
    readonly 'stalled-cycles-frontend': 7;
    readonly 'stalled-cycles-backend': 8;
    readonly 'ref-cycles': 9;
};
/** `enum perf_hw_cache_id`. */
declare const CACHES: {
    readonly 'L1-dcache': 0;
    readonly 'L1-icache': 1;
    readonly LLC: 2;
    readonly dTLB: 3;
    readonly iTLB: 4;
    readonly branch: 5;
    readonly node: 6;
};
/** `enum perf_hw_cache_op_id`. */
declare const OPERATIONS: {
    readonly load: 0;
    readonly store: 1;
    readonly prefetch: 2;
};
/** `enum perf_hw_cache_op_result_id`. */
declare const RESULTS: {
    readonly access: 0;
    readonly miss: 1;
};
/** `HW_BREAKPOINT_*` of linux/hw_breakpoint.h. x86 has no `read` alone. */
declare const ACCESSES: {
    readonly read: 1;
    readonly write: 2;
    readonly 'read-write': 3;
    readonly execute: 4;
};
/** The part of a stream that the program sees, libbpf's name of the attach type, and of the program type. */
declare const ATTACHMENTS: {
    readonly stream_parser: {
        readonly attachType: "sk_skb_stream_parser";
        readonly programType: "sk_skb";
    };
    readonly stream_verdict: {
        readonly attachType: "sk_skb_stream_verdict";
        readonly programType: "sk_skb";
    };
    readonly verdict: {
        readonly attachType: "sk_skb_verdict";
        readonly programType: "sk_skb";
    };
    readonly msg_verdict: {
        readonly attachType: "sk_msg_verdict";
        readonly programType: "sk_msg";
    };
};
/** A program of instructions. */
interface ProgramOptions {
    /** What the functions of `ebpf/asm` make, in order. */
    instructions: readonly Item[];
    /**
     * What kind of program it is, as `SEC()` says it in C: `xdp`, `socket`, `tracepoint`, `raw_tp`, `tp_btf/sched_switch`. A target behind the
     * slash counts where the kernel verifies the program against it.
     */
    section: string;
    /** Letters, digits, `_` and `.`, of which the kernel keeps 15; `program` by default. */
    name?: string;
    /** `GPL` by default, which helpers for tracing need. */
    license?: string;
    /** `BPF_F_*` of linux/bpf.h; those that `.s`, `.frags` and `syscall` of the section mean come by themselves. */
    flags?: number;
    /** Tells the kernel of functions and source lines, so that its log shows them; on by default. */
    debugInfo?: boolean;
    /** Verifier log level: 0 only on failure, 1, 2 more, 4 statistics. */
    logLevel?: number;
}
/**
 * Loads instructions as a program, off the JavaScript thread: attach it by a hook, run it with `testRun`, and close it. The lines of
 * your source that made the instructions are in the verifier's log and its error.
 *
 * @throws TypeError or RangeError for what is no program: a label that is missing, a jump that is too far
 * @throws VerifierError when the verifier refuses it
 * @throws EbpfError with the kernel's code for all else, such as EPERM; ERR_EBPF_CLOSED for a map that is closed
 */
declare function loadProgram(options: ProgramOptions): Promise<BpfProgram>;
/** What is in memory: how many bits, and for loads whether they are extended by their sign (`s`, Linux 6.6). */
type Width = 'u8' | 'u16' | 'u32' | 'u64' | 's8' | 's16' | 's32';
/** A place in memory: `*(u32 *)(r1 + 4)`. */
interface Place<W extends Width = Width> {
    readonly base: Register;
    readonly offset: number;
    readonly width: W;
}
type Unsigned = 'u8' | 'u16' | 'u32' | 'u64';
/** The place `offset` bytes behind the address in a register. */
declare function at<W extends Width>(base: Register, offset: number, width: W): Place<W>;
/** `destination = *(u32 *)(base + offset)`. */
declare function load(destination: Register, place: Place): Instruction;
/** `*(u32 *)(base + offset) = value`: the lower bits of a register, or a number of 32 bits, extended by its sign. */
declare function store(place: Place<Unsigned>, value: Register | number): Instruction;
/** `lock *(u64 *)(base + offset) += source`. */
declare function atomicAdd(place: Place<'u32' | 'u64'>, source: Register): Instruction;
/** Linux 5.12, as the other ones below. */
declare function atomicAnd(place: Place<'u32' | 'u64'>, source: Register): Instruction;
declare function atomicOr(place: Place<'u32' | 'u64'>, source: Register): Instruction;
declare function atomicXor(place: Place<'u32' | 'u64'>, source: Register): Instruction;
/** {@link atomicAdd}; `source` becomes what was there before. */
declare function fetchAdd(place: Place<'u32' | 'u64'>, source: Register): Instruction;
declare function fetchAnd(place: Place<'u32' | 'u64'>, source: Register): Instruction;
declare function fetchOr(place: Place<'u32' | 'u64'>, source: Register): Instruction;
declare function fetchXor(place: Place<'u32' | 'u64'>, source: Register): Instruction;
/** Writes `source`, which becomes what was there before. */
declare function exchange(place: Place<'u32' | 'u64'>, source: Register): Instruction;
/** Writes `source` where `r0` is what is there; `r0` becomes what was there before. */
declare function compareExchange(place: Place<'u32' | 'u64'>, source: Register): Instruction;
/** A load that none after it comes before. Linux 6.15. */
declare function loadAcquire(destination: Register, place: Place<Unsigned>): Instruction;
/** A store that none before it comes after. Linux 6.15. */
declare function storeRelease(place: Place<Unsigned>, source: Register): Instruction;
/** `destination = value`, of 64 bits: two slots long. */
declare function loadImmediate(destination: Register, value: number | bigint): Instruction;
/** The address of a map, as helpers take it. */
declare function loadMap(destination: Register, map: BpfMap): Instruction;
/**
 * The address of the value of an array map with one entry, without a look-up: `offset` bytes from its start. Global variables are
 * such maps. Linux 5.2.
 */
declare function loadMapValue(destination: Register, map: BpfMap, offset?: number): Instruction;
/** The address of a function of the program, for helpers that call it back. Linux 5.13. */
declare function loadFunction(destination: Register, name: string): Instruction;
/** The address of a variable of the kernel, by its id in the kernel's BTF. Linux 5.10. */
declare function loadKernelVariable(destination: Register, id: number): Instruction;
/**
 * `r0 = *(u16 *)skb[offset]`, of the packet that `r6` is the context of, in this machine's byte order; the program ends with 0 where the packet is
 * shorter. With a register the offset is counted from what is in it. For programs that see an skb.
 */
declare function loadPacket(width: 'u8' | 'u16' | 'u32', offset: number, index?: Register): Instruction;
export { HalfRegister, Register, add, addressSpaceCast, and, arsh, assemble, at, atomicAdd, atomicAnd, atomicOr, atomicXor, bswap, call, callFunction, callKernel, compareExchange, decode, disassemble, div, encode, exchange, exit, fetchAdd, fetchAnd, fetchOr, fetchXor, func, goto, gotoIf, gotol, gotox, helperName, instructionText, label, load, loadAcquire, loadFunction, loadImmediate, loadKernelVariable, loadMap, loadMapValue, loadPacket, loadProgram, lsh, mayGoto, mod, mov, movsx, mul, neg, or, r0, r1, r10, r2, r3, r4, r5, r6, r7, r8, r9, rsh, sdiv, smod, store, storeRelease, sub, toBigEndian, toLittleEndian, w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, xor };
export type { ByteOrderOptions, Condition, HelperName, Instruction, InstructionFields, Item, Label, Operand, Place, ProgramOptions, Reference, SourcePlace, Target, Width };
