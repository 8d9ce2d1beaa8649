// The public API, rolled up from lib/asm/index.ts. Made by "npm run api"; do not edit.

import { Readable } from 'node:stream';

/** How objects, programs and maps are written down for native code and by it. */

interface NativeMapInfo {
    id: number;
    type: number;
    name: string;
    keySize: number;
    valueSize: number;
    maxEntries: number;
    flags: number;
    mapExtra: bigint;
    btfId: number;
    keyTypeId: number;
    valueTypeId: number;
    frozen: boolean;
    /** Bytes, as far as fdinfo says. */
    memory?: number;
    /** Of a program array that has an owner: `enum bpf_prog_type`. */
    ownerProgramType?: number;
    ownerJited?: boolean;
}

/** Base of objects, programs, maps and links. */
declare abstract class Resource {
    #private;
    readonly name: string;
    /** Whether it was closed. */
    get closed(): boolean;
    /** Kind and name for messages, such as `map 'counts'`. */
    protected abstract describe(): string;
}

/** What the kernel knows of a map. Sizes are bytes. */
interface MapInfo extends Omit<NativeMapInfo, 'type' | 'memory' | 'ownerProgramType' | 'ownerJited'> {
    /** bpftool's name of the map type, such as `hash`. */
    type: string;
    /**
     * Bytes of memory that it takes. Before Linux 6.4 what was reckoned for all entries when it was created; since then what is
     * allocated now, though an LRU hash, a hash with `noPreallocation` and the like grow and shrink. Absent where `/proc` is not
     * mounted.
     */
    memory?: number;
    /**
     * Of a program array: the kind of programs that it takes, which is that of the first one that used it or was put into it.
     * Absent until then.
     */
    owner?: MapOwner;
}
/** The programs that a program array takes. */
interface MapOwner {
    /** libbpf's name of the program type, such as `xdp`. */
    programType: string;
    /** Whether they are compiled to machine code. */
    jited: boolean;
}
/** A map in the kernel. Classes for its type add what can be done with the contents. */
declare class BpfMap extends Resource {
    #private;
    /** bpftool's name of the map type, such as `hash` or `ringbuf`. */
    readonly type: string;
    /** Unique in the running kernel. */
    readonly id: number;
    /** Bytes. */
    readonly keySize: number;
    /** Bytes of one value; a per-CPU entry has one for each possible CPU. */
    readonly valueSize: number;
    /** Entries; for a ring buffer, bytes of its data area. */
    readonly maxEntries: number;
    /** The kernel's descriptor; it stays this map's. */
    get fd(): number;
    info(): MapInfo;
    /**
     * Pins the map in a BPF file system, where it outlives this process. Linux 4.4.
     *
     * @param path of a file that does not exist, below a mounted bpffs such as `/sys/fs/bpf`
     */
    pin(path: string): void;
    /**
     * Removes a pin of the map.
     *
     * @throws TypeError when that is no pin, or one of something else
     */
    unpin(path: string): void;
    /** Makes the contents read-only for user space, for ever; programs may still write. Linux 5.2. */
    freeze(): void;
    /** Closes the descriptor, at once. Programs that use the map keep it. A second call does nothing. */
    close(): void;
    [Symbol.dispose](): void;
    protected describe(): string;
}

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
/** Fields as bytes: nothing may be left to be resolved. */
declare function encodeFields(instructions: readonly InstructionFields[], options?: ByteOrderOptions): Uint8Array;
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
declare function encode(items: readonly Item[], options?: Parameters<typeof encodeFields>[1]): Uint8Array;

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

/** What was being done to what, when an operation failed. */
interface FailureContext {
    /** The failing call as libbpf or the kernel names it, such as `bpf_object__load`. */
    operation: string;
    object?: string | undefined;
    program?: string | undefined;
    map?: string | undefined;
    link?: string | undefined;
    /** Of an operation on many entries: how many were done before it failed. */
    done?: number | undefined;
    /** What a user can do about it, when the cause is known. */
    hint?: string | undefined;
    /** libbpf's last warnings that explain the failure. */
    warnings?: readonly string[] | undefined;
}
/** A failure of the kernel, of libbpf, or of this library's own rules. */
declare class EbpfError extends Error {
    /** The kernel's name (`EPERM`, `ENOTSUPP` for 524) or one of {@link EbpfErrorCode}. */
    readonly code: string;
    /** Negative errno as in Node, when the kernel or libbpf gave one. */
    readonly errno?: number;
    readonly operation: string;
    readonly object?: string;
    readonly program?: string;
    readonly map?: string;
    readonly link?: string;
    /** Of an operation on many entries: how many were done before it failed. */
    readonly done?: number;
    /** What to do about it, where the cause is known. */
    readonly hint?: string;
    /** libbpf's last warnings that explain the failure, each one line. */
    readonly warnings: readonly string[];
    constructor(message: string, code: string, errno: number | undefined, context: FailureContext);
}

/** What the kernel knows of a link, with the numbers of its kind decoded into the words of the hooks' builders. */

interface Common {
    /** Unique in the running kernel. */
    id: number;
    /** 0 for struct_ops, whose link has a map. */
    programId: number;
}
/** What `bpf_get_attach_cookie()` gives the program; absent where the kernel does not tell. */
interface Cookie {
    cookie?: bigint;
}
/** Of `rawTracepoint()`, and of `tpBtf()`. */
interface RawTracepointLinkInfo extends Common, Cookie {
    type: 'raw_tracepoint';
    /** Of the tracepoint. */
    name: string;
}
/** fentry, fexit, fmod_ret, LSM, freplace: what the kernel calls by its own code. */
interface TracingLinkInfo extends Common, Cookie {
    type: 'tracing';
    /** libbpf's name of the attach type, such as `trace_fentry`, `modify_return` or `lsm_mac`. */
    attachType: string;
    /** Id of the BTF object, or of the program for freplace, that the target is in. Linux 5.13, else 0. */
    targetObjectId: number;
    /** The target function in that BTF. Linux 5.13, else 0. */
    targetBtfId: number;
}
interface CgroupLinkInfo extends Common {
    type: 'cgroup';
    /** As `cgroup()` names it, such as `inet_ingress` or `inet4_connect`; `lsm_cgroup` for LSM hooks. */
    attachType: string;
    /** Inode number of the cgroup's folder; 0 when it is gone. */
    cgroupId: bigint;
}
interface IteratorLinkInfo extends Common {
    type: 'iter';
    /** What it walks over, such as `task` or `bpf_map_elem`. */
    target: string;
    mapId?: number;
    /** Linux 6.1. */
    cgroup?: {
        id: bigint;
        order: string;
    };
    /** Only this thread, or this process. Linux 6.1. */
    tid?: number;
    pid?: number;
}
interface NetnsLinkInfo extends Common {
    type: 'netns';
    /** `flow_dissector` or `sk_lookup`. */
    attachType: string;
    /** Inode number of the network namespace; 0 when it is gone. */
    netnsInode: number;
}
interface XdpLinkInfo extends Common {
    type: 'xdp';
    /** 0 when the interface is gone or the link was detached. */
    interfaceIndex: number;
}
/** A perf event. What it is of is known since Linux 6.6; before, `event` is absent. */
type PerfEventLinkInfo = Common & Cookie & {
    type: 'perf_event';
} & ({
    event?: undefined;
} | {
    event: 'tracepoint';
    name: string;
} | {
    event: 'kprobe' | 'kretprobe';
    /** Absent for a probe of an address. */
    symbol?: string;
    offset: bigint;
    /** 0 where the kernel hides it. */
    address: bigint;
    /** Events that the probe missed. Linux 6.7. */
    missed?: bigint;
} | {
    event: 'uprobe' | 'uretprobe';
    binary: string;
    offset: bigint;
    /** Linux 6.16. */
    referenceCounterOffset?: bigint;
}
/** `eventType` and `config` are those of `struct perf_event_attr`. */
 | {
    event: 'event';
    eventType: number;
    config: bigint;
});
/** Linux 5.18; what follows `programId` since 6.6. */
interface KprobeMultiLinkInfo extends Common {
    type: 'kprobe_multi';
    return?: boolean;
    /** 0 where the kernel hides them. */
    addresses?: BigUint64Array;
    /** As many as addresses. Linux 6.9. */
    cookies?: BigUint64Array;
    /** Events that the probes missed. Linux 6.7. */
    missed?: bigint;
}
/** What follows `programId` since Linux 6.8. */
interface UprobeMultiLinkInfo extends Common {
    type: 'uprobe_multi';
    return?: boolean;
    binary?: string;
    offsets?: BigUint64Array;
    /** As many as offsets. */
    referenceCounterOffsets?: BigUint64Array;
    /** As many as offsets. */
    cookies?: BigUint64Array;
    /** Absent: every process. */
    pid?: number;
}
interface StructOpsLinkInfo extends Common {
    type: 'struct_ops';
    mapId: number;
}
interface NetfilterLinkInfo extends Common {
    type: 'netfilter';
    /** As `netfilter()` names them. */
    family: string;
    hook: string;
    priority: number;
    defragment: boolean;
}
interface TcxLinkInfo extends Common {
    type: 'tcx';
    /** 0 when the interface is gone or the link was detached. */
    interfaceIndex: number;
    direction: 'ingress' | 'egress';
}
interface NetkitLinkInfo extends Common {
    type: 'netkit';
    /** 0 when the interface is gone or the link was detached. */
    interfaceIndex: number;
    side: 'primary' | 'peer';
}
interface SockmapLinkInfo extends Common {
    type: 'sockmap';
    /** 0 when the map is gone. */
    mapId: number;
    /** As `sockmap()` names it, such as `verdict` or `msg_verdict`. */
    attachType: string;
}
/** Of a kernel that is newer than this library. */
interface UnknownLinkInfo extends Common {
    type: `unknown (${number})`;
}
/** What the kernel knows of a link; bpftool's name of the link type in `type` tells what else there is. */
type LinkInfo = RawTracepointLinkInfo | TracingLinkInfo | CgroupLinkInfo | IteratorLinkInfo | NetnsLinkInfo | XdpLinkInfo | PerfEventLinkInfo | KprobeMultiLinkInfo | UprobeMultiLinkInfo | StructOpsLinkInfo | NetfilterLinkInfo | TcxLinkInfo | NetkitLinkInfo | SockmapLinkInfo | UnknownLinkInfo;

/**
 * A struct of callbacks that the kernel calls, such as a TCP congestion control (`tcp_congestion_ops`) or a scheduler
 * (`sched_ext_ops`), declared in `SEC(".struct_ops.link")`, or before Linux 6.4 in `SEC(".struct_ops")`. Linux 5.6.
 */
declare class StructOpsMap extends BpfMap {
    #private;
    /** The links made by {@link attach} that are not closed. */
    get links(): readonly Link[];
    /**
     * Registers the struct with its part of the kernel, off the JavaScript thread. It is in use until the link is closed.
     *
     * @throws EbpfError with the kernel's code, such as EEXIST when one of this name is registered already
     */
    attach(): Promise<Link>;
}

interface UpdateOptions {
    /** Only when this is the program, or the struct_ops map, that is attached now; EPERM otherwise. */
    expected?: BpfProgram | StructOpsMap;
}
/** One program attached to one hook. */
declare class Link extends Resource {
    #private;
    /** The name of the program that is attached, or of the struct_ops map. */
    get program(): string;
    /** The kernel's descriptor; it stays this link's. */
    get fd(): number;
    /** Unique in the running kernel. */
    get id(): number;
    /**
     * What the kernel knows of the link. Linux 5.8.
     *
     * @throws EbpfError EOPNOTSUPP or EINVAL where the attachment is no link of the kernel, such as tracing before Linux 5.15.
     */
    info(): LinkInfo;
    /**
     * Puts another program in this one's place, off the JavaScript thread: atomically, so that every event meets one of the
     * two. A struct_ops link takes another map of the same type (Linux 6.4, libbpf 1.2).
     *
     * @throws EbpfError ERR_EBPF_NOT_UPDATABLE where the kernel cannot: it can for XDP (5.9), TCX (6.6), netkit (6.7), cgroups
     * (5.7), network namespaces (5.8), iterators (5.8), sockmaps (6.10) and struct_ops (6.4).
     */
    update(replacement: BpfProgram | StructOpsMap, options?: UpdateOptions): Promise<void>;
    /**
     * Pins the link in a BPF file system, where it outlives this process until the file is removed. Linux 5.7.
     *
     * @param path of a file that does not exist, below a mounted bpffs such as `/sys/fs/bpf`
     */
    pin(path: string): void;
    /**
     * Removes a pin of the link. It stays attached for as long as it is open or pinned elsewhere.
     *
     * @throws TypeError when that is no pin, or one of something else
     */
    unpin(path: string): void;
    /**
     * Detaches the link for everybody, also where others hold it open or pinned, off the JavaScript thread. The link is a
     * husk from then on: it can be asked and must be closed, and does not come back. Linux 5.9.
     *
     * @throws EbpfError EOPNOTSUPP for kinds that the kernel detaches only when the last holder closes them, such as tracing
     */
    detach(): Promise<void>;
    /**
     * Runs an iterator once, and gives what its program writes. Each call is a run of its own; the stream must be read to its
     * end, or destroyed. It goes on when the link is closed. Linux 5.8.
     *
     * @throws EbpfError EINVAL when the link is none of an iterator
     */
    read(): Readable;
    /** Runs an iterator once, and gives all that its program writes, as text. */
    text(): Promise<string>;
    /**
     * Detaches, off the JavaScript thread: the kernel waits for running programs, 60 ms and more for tracing. Resolves when
     * the program no longer runs there. A pinned link stays attached. A second call does nothing but wait for the first.
     */
    close(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
    /** The blocking form of {@link close}: stops the whole JavaScript thread for the kernel's grace period. */
    [Symbol.dispose](): void;
    protected describe(): string;
}

/**
 * A program that is attached at the same hook, by its link or by itself. The kernel finds by a program alone also what is
 * attached by a link.
 */
type Anchor = Link | BpfProgram | {
    linkId: number;
} | {
    programId: number;
};
/** At most one place; the last one without it. */
interface Ordering {
    before?: Anchor;
    after?: Anchor;
    /** Before all that are there now. */
    first?: boolean;
    /** After all that are there now. */
    last?: boolean;
    /** Attach only when the hook is still at this revision, as `query(hook)` told it; ESTALE otherwise. */
    expectedRevision?: number | bigint;
}

/** A path, or an open descriptor, which stays the caller's. */
type PathOrDescriptor = string | {
    fd: number;
};

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
/** What happens in a cgroup, as in `enum bpf_attach_type` of linux/bpf.h, without `BPF_CGROUP_`. */
type CgroupAttachType = keyof typeof PROGRAM_TYPES;
/** The processes of a cgroup and of those below it. */
interface CgroupHook {
    kind: 'cgroup';
    cgroup: PathOrDescriptor;
    /** `undefined`: what the program was loaded for. */
    attachType: CgroupAttachType | undefined;
    /** `undefined`: after all that are there. */
    ordering: Ordering | undefined;
    preorder: boolean;
}

/** A global function of a loaded program, whose place another program takes. */
interface FreplaceHook {
    kind: 'freplace';
    /** It stays the caller's, and open. */
    program: BpfProgram;
    function: string;
}

/** `enum bpf_cgroup_iter_order` of linux/bpf.h. */
declare const ORDERS: {
    readonly self: 1;
    readonly descendants_pre: 2;
    readonly descendants_post: 3;
    readonly ancestors_up: 4;
    readonly children: 5;
};
/**
 * Which cgroups: only it (`self`), it and all below it, parents first (`descendants_pre`) or children first
 * (`descendants_post`), it and all above it (`ancestors_up`), or only those right below it (`children`, Linux 7.0).
 */
type CgroupOrder = keyof typeof ORDERS;
/** What an iterator walks over, as far as the program's section leaves it open. */
interface IteratorHook {
    kind: 'iterator';
    map: BpfMap | undefined;
    cgroup: PathOrDescriptor | undefined;
    order: CgroupOrder | undefined;
    tid: number | undefined;
    pid: number | undefined;
    pidFd: number | undefined;
}

/**
 * The kernel's three ways to place a probe, newest first: a `link` (Linux 5.15), a `perf` event with the program set on it
 * (4.17), and `legacy`, an event made in tracefs (4.1 for kprobes, 4.3 for uprobes). Without one, libbpf takes the newest
 * that this kernel has. libbpf 1.2.
 */
type ProbeMode = 'link' | 'perf' | 'legacy';

/** The entry of a kernel function, an instruction of it, or its return. */
interface KprobeHook {
    kind: 'kprobe' | 'kretprobe';
    /** As in /proc/kallsyms; `module:function` where a module's is meant. */
    symbol: string;
    /** Bytes from the function's start; 0 for a return. */
    offset: bigint;
    cookie: bigint;
    mode: ProbeMode | undefined;
}
/** Entry or return of a system call, by its name alone. */
interface KsyscallHook {
    kind: 'ksyscall' | 'kretsyscall';
    name: string;
    cookie: bigint;
}

/** Many kernel functions by one link. */
interface KprobeMultiHook {
    kind: 'kprobe_multi' | 'kretprobe_multi' | 'kprobe_session';
    functions: string | {
        symbols: string[];
    } | {
        addresses: bigint[];
    };
    /** One for each name or address. */
    cookies: bigint[] | undefined;
    uniqueMatch: boolean;
}

/** What an infrared receiver receives. */
interface LircHook {
    kind: 'lirc';
    device: PathOrDescriptor;
}

/** A security hook, for the whole system. */
interface LsmHook {
    kind: 'lsm';
    /** As in the kernel's lsm_hook_defs.h. */
    name: string;
    cookie: bigint;
}
/** A security hook, for the processes of one cgroup. */
interface LsmCgroupHook {
    kind: 'lsm_cgroup';
    /** As in the kernel's lsm_hook_defs.h. */
    name: string;
    /** Folder of the cgroup, or a descriptor of it. */
    cgroup: PathOrDescriptor;
}

/** A path such as `/run/netns/blue`, the pid of a process in it, or an open descriptor of it. */
type NetworkNamespace = string | {
    pid: number;
} | {
    fd: number;
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
type NetfilterFamily = keyof typeof FAMILIES;
/** Where on a packet's way through the IP stack, in the words of nftables. */
type NetfilterHookName = keyof typeof HOOKS;
/** A hook of netfilter, among those of iptables, nftables and connection tracking. */
interface NetfilterHook {
    kind: 'netfilter';
    family: NetfilterFamily;
    hook: NetfilterHookName;
    priority: number;
    defragment: boolean;
    netns: NetworkNamespace | undefined;
}

/** What every hook of a network interface says. */
interface InterfacePlace {
    /** Name or index, in `netns`. */
    interface: string | number;
    /** `undefined`: this process's own. */
    netns: NetworkNamespace | undefined;
}

/** Which device of the pair sends the packet that the program sees. */
type NetkitSide = 'primary' | 'peer';
/** A netkit device: a pair like veth whose packets meet an ordered list of programs before they leave. */
interface NetkitHook extends InterfacePlace {
    kind: 'netkit';
    side: NetkitSide;
    /** `undefined`: after all that are there. */
    ordering: Ordering | undefined;
}

/** Which socket gets a connection or datagram that no established socket takes. */
interface SkLookupHook {
    kind: 'sk_lookup';
    /** `undefined`: this process's own. */
    netns: NetworkNamespace | undefined;
}
/** How the kernel finds the headers and the flow of a packet. */
interface FlowDissectorHook {
    kind: 'flow_dissector';
    /** `undefined`: this process's own. */
    netns: NetworkNamespace | undefined;
}

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
/** A clock or counter that the kernel keeps; `cgroup-switches` since Linux 5.13. */
type SoftwareEvent = keyof typeof SOFTWARE;
/** A counter of the CPU under the kernel's general name for it. */
type HardwareEvent = keyof typeof HARDWARE;
type CacheLevel = keyof typeof CACHES;
type CacheOperation = keyof typeof OPERATIONS;
type CacheResult = keyof typeof RESULTS;
type BreakpointAccess = keyof typeof ACCESSES;
/** What a perf event counts: made by {@link softwareEvent}, {@link hardwareEvent}, {@link cacheEvent}, {@link rawEvent} or {@link breakpoint}. */
type PerfEventSource = {
    type: 'software';
    name: SoftwareEvent;
} | {
    type: 'hardware';
    name: HardwareEvent;
} | {
    type: 'cache';
    level: CacheLevel;
    operation: CacheOperation;
    result: CacheResult;
} | {
    type: 'raw';
    config: bigint;
    config1: bigint;
    config2: bigint;
    pmu: string | undefined;
} | {
    type: 'breakpoint';
    address: bigint;
    length: number;
    access: BreakpointAccess;
};

/** A program that runs each time a counter or a clock of one CPU, process or cgroup has advanced by some steps. */
interface PerfEventHook {
    kind: 'perf_event';
    /** One of the two is given: an event to be opened, or the descriptor of one that is open. */
    event: PerfEventSource | undefined;
    fd: number | undefined;
    /** One of the two is given, for an event. */
    frequency: bigint | undefined;
    period: bigint | undefined;
    /** -1: every process. */
    pid: number;
    /** -1: every CPU. */
    cpu: number;
    cgroup: PathOrDescriptor | undefined;
    inherit: boolean;
    excludeUser: boolean;
    excludeKernel: boolean;
    excludeHypervisor: boolean;
    excludeIdle: boolean;
    precise: PerfEventPrecision;
    cookie: bigint;
}
/**
 * How far the registers of a sample may be behind the instruction that made it (`precise_ip`): 0 any distance, 1 always the
 * same, 2 none if possible, 3 none. Above 0 only for counters of the CPU, where it can (PEBS, IBS).
 */
type PerfEventPrecision = 0 | 1 | 2 | 3;

/** A tracepoint whose program reads the kernel's raw arguments. */
interface RawTracepointHook {
    kind: 'raw_tracepoint';
    name: string;
    cookie: bigint;
}

/** Programs of single sockets. The kernel has no links for these: what was attached goes with the socket, or when closed. */

/** What one socket receives. */
interface SocketFilterHook {
    kind: 'socket_filter';
    socket: number;
}
/** Which socket of a group that shares an address receives. */
interface ReuseportHook {
    kind: 'reuseport';
    socket: number;
}

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
/**
 * What the program decides: `stream_parser` where messages end, `stream_verdict` where a received message goes, `verdict`
 * the same without parsing, `msg_verdict` where what is sent goes.
 */
type SockmapAttachType = keyof typeof ATTACHMENTS;
/** The sockets that are put into a map. */
interface SockmapHook {
    kind: 'sockmap';
    map: BpfMap;
    /** `undefined`: what the program was loaded for. */
    attachType: SockmapAttachType | undefined;
}

/** `ingress`: what the interface receives; `egress`: what it sends. */
type Direction = 'ingress' | 'egress';

/** A filter of traffic control, at an interface's clsact qdisc. */
interface TcHook extends InterfacePlace {
    kind: 'tc';
    direction: Direction;
    /** 0: chosen by the kernel. */
    handle: number;
    /** 0: chosen by the kernel, from 49152 downwards. */
    priority: number;
}

/** Traffic control without qdiscs: an ordered list of programs for each direction of an interface. */
interface TcxHook extends InterfacePlace {
    kind: 'tcx';
    direction: Direction;
    /** `undefined`: after all that are there. */
    ordering: Ordering | undefined;
}

/** A tracepoint whose program gets the arguments with their kernel types. */
interface TpBtfHook {
    kind: 'tp_btf';
    name: string;
    cookie: bigint;
}

/** A static tracepoint of the kernel, as listed in tracefs under `events/<category>/<name>`. */
interface TracepointHook {
    kind: 'tracepoint';
    category: string;
    name: string;
    cookie: bigint;
}

/** Entry of a kernel function, its return, both, or a place where its return value is decided. */
interface TracingHook {
    kind: 'fentry' | 'fexit' | 'fmod_ret' | 'fsession';
    /** As in the kernel's BTF; `module:function` where a module's is meant. */
    function: string;
    cookie: bigint;
}

/**
 * A path, the name of a library such as `libc.so.6` or of a program such as `bash`, or what a process runs: its executable,
 * or a library that is mapped in it, also where it lies in another mount namespace (a container).
 */
type Binary = string | ProcessBinary;
/** What a process runs. */
interface ProcessBinary {
    pid: number;
    /** A library that the process has mapped, such as `libssl.so.3` or `libz.so.1`; its executable without one. */
    library?: string;
}

/** Many functions of one binary, by one link. */
interface UprobeMultiHook {
    kind: 'uprobe_multi' | 'uretprobe_multi' | 'uprobe_session';
    binary: Binary;
    /** One of the three is given. */
    pattern: string | undefined;
    symbols: string[] | undefined;
    offsets: bigint[] | undefined;
    cookies: bigint[] | undefined;
    referenceCounterOffsets: bigint[] | undefined;
    /** -1: every process. */
    pid: number;
}

/** An instruction of a user-space binary, in one process or in all. */
interface UprobeHook {
    kind: 'uprobe' | 'uretprobe';
    binary: Binary;
    symbol: string | undefined;
    /** Bytes from the symbol, or from the start of the file without one. */
    offset: bigint;
    /** -1: every process. */
    pid: number;
    referenceCounterOffset: bigint;
    cookie: bigint;
    mode: ProbeMode | undefined;
}

/** A static probe that the authors of a program put into it, such as `python:function__entry`. */
interface UsdtHook {
    kind: 'usdt';
    binary: Binary;
    provider: string;
    name: string;
    /** -1: every process. */
    pid: number;
    cookie: bigint;
}

/**
 * Where the packet meets the program: `native` in the driver, `generic` in the stack (every driver, slower), `offload` on
 * the card. The kernel chooses native, else generic, when it is not said.
 */
type XdpMode = 'native' | 'generic' | 'offload';
/** The earliest point of a received packet. */
interface XdpHook extends InterfacePlace {
    kind: 'xdp';
    mode: XdpMode | undefined;
    /** `undefined`: by a link where the kernel has that (5.9). */
    netlink: boolean | undefined;
}

/** Anything that a program can be attached to by name. */
type Hook = TracepointHook | RawTracepointHook | TpBtfHook | KprobeHook | KsyscallHook | KprobeMultiHook | TracingHook | FreplaceHook | LsmHook | LsmCgroupHook | UprobeHook | UprobeMultiHook | UsdtHook | PerfEventHook | XdpHook | TcHook | TcxHook | NetkitHook | NetfilterHook | CgroupHook | SocketFilterHook | ReuseportHook | SockmapHook | SkLookupHook | FlowDissectorHook | LircHook | IteratorHook;

interface LineOptions {
    /** Ends the stream: the iteration rejects with the signal's reason. */
    signal?: AbortSignal;
    /** The longest that a line waits while somebody asks for it, in milliseconds; 100 by default. */
    maxLatencyMs?: number;
}
/**
 * Lines as an async iterable. It looks for new ones only while somebody waits for one; until then they stay in the
 * kernel, as many as fit there. While it waits it keeps the process running.
 */
declare class LineStream<T> implements AsyncIterableIterator<T, undefined, undefined> {
    #private;
    next(): Promise<IteratorResult<T, undefined>>;
    /** Ends the stream; a `next()` that waits ends with it. A second call does nothing but wait for the first. */
    close(): Promise<void>;
    return(): Promise<IteratorResult<T, undefined>>;
    [Symbol.asyncIterator](): this;
    [Symbol.asyncDispose](): Promise<void>;
}

/** A way to attach that was not taken. */
interface PassedOver {
    /** The program's name; `undefined` for one that was not loaded. */
    program: string | undefined;
    /** Such as `fentry vfs_unlink`, or the program's section. */
    hook: string;
    /** Why. */
    reason: string;
    /** What the attach failed with; absent for a program that was not loaded. */
    error?: EbpfError;
}
/** What {@link attachFirst} did. */
interface FirstAttached {
    link: Link;
    /** Those before it in the list. */
    passedOver: PassedOver[];
}

/** Links that were attached together, and are closed together. */
declare class LinkSet implements Iterable<Link> {
    /** In the order of their hooks. */
    readonly links: readonly Link[];
    get size(): number;
    /** Whether all of them are closed. */
    get closed(): boolean;
    [Symbol.iterator](): Iterator<Link>;
    /**
     * Puts another program in the place of each link's, one link after the other: in all places, or in none when one fails.
     *
     * @throws EbpfError of the first that failed
     */
    update(program: BpfProgram): Promise<void>;
    /** Detaches all of them, off the JavaScript thread. A second call does nothing but wait for the first. */
    close(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
    /** The blocking form of {@link close}: stops the whole JavaScript thread for the kernel's grace period of each link. */
    [Symbol.dispose](): void;
}

/** What the verifier says of its work on a program, at the end of its log (log level 4, and after any other). */
interface VerifierStatistics {
    /** Instructions that it walked over, all ways together. */
    instructions: number;
    /** At which it gives up: 1,000,000, or 4096 without privileges. */
    instructionLimit: number | undefined;
    /** States that it kept at one instruction, at most. */
    maxStatesPerInstruction: number | undefined;
    /** States that it made. */
    totalStates: number | undefined;
    /** States that it kept at one time, at most. */
    peakStates: number | undefined;
    /** Bytes of stack of each function, in the order of the program: its own first. Linux 4.20. */
    stackDepth: readonly number[] | undefined;
    /** Nanoseconds that it took; the kernel measures microseconds. Linux 5.2. */
    timeNs: number | undefined;
}

/** What the kernel knows of a loaded program. */
interface ProgramInfo {
    id: number;
    /** bpftool's name of the program type, such as `tracepoint`. */
    type: string;
    /** At most 15 bytes, cut by the kernel. */
    name: string;
    /** The kernel's hash of the instructions, 16 hexadecimal digits. */
    tag: string;
    gplCompatible: boolean;
    loadTime: Date;
    createdByUid: number;
    mapIds: number[];
    btfId: number;
    /** 8-byte instructions after the kernel's rewriting; 0 when hidden from this process. */
    instructionCount: number;
    /** Instructions that the verifier walked, all paths together; Linux 5.16, else 0. */
    verifiedInstructions: number;
    /** Bytes of machine code; 0 when not compiled or hidden. */
    jitedSize: number;
    /** Nanoseconds and runs, counted while statistics are on (see `enableRunStatistics`). */
    runTimeNs: bigint;
    runCount: bigint;
    /** Runs left out because the program was already running on that CPU; Linux 5.12. */
    recursionMisses: bigint;
}
interface TestRunOptions {
    /** The packet, or whatever input the program type takes. */
    data?: Uint8Array;
    /** The context struct, where the program type takes one. */
    ctx?: Uint8Array;
    /** Number of runs, 1 by default. */
    repeat?: number;
    /** BPF_F_TEST_* of linux/bpf.h. */
    flags?: number;
    /** CPU to run on, with BPF_F_TEST_RUN_ON_CPU. */
    cpu?: number;
    /** Packets in one batch, with BPF_F_TEST_XDP_LIVE_FRAMES. */
    batchSize?: number;
}
interface TestRunResult {
    returnValue: number;
    /** Average nanoseconds of one run. */
    durationNs: number;
    /** The packet as the program left it. */
    data: Uint8Array;
    /** The context as the program left it. */
    ctx: Uint8Array;
}
/** A program in the kernel: verified, compiled, ready to be attached. */
declare class BpfProgram extends Resource {
    #private;
    /** ELF section, such as `tracepoint/sched/sched_process_exec`; `''` for a program that was not loaded from an object. */
    readonly section: string;
    /** libbpf's name of the program type, such as `tracepoint`. */
    readonly type: string;
    /** The kernel's descriptor; it stays this program's. */
    get fd(): number;
    /** Unique in the running kernel. */
    get id(): number;
    /** The links made by {@link attach} that are not closed. */
    get links(): readonly Link[];
    /**
     * What verifying the program took. Loaded with a `logLevel` that has 4 (BPF_LOG_STATS), all of it, of any kernel since
     * Linux 5.2; otherwise only `instructions`, which the kernel keeps since 5.16. `undefined` where nothing is known.
     */
    get verifier(): VerifierStatistics | undefined;
    info(): ProgramInfo;
    /**
     * Attaches, off the JavaScript thread.
     *
     * @param hook where to; without one, where the ELF section says, which programs that were opened, or made of instructions, do not have
     * @throws EbpfError with the kernel's code, such as ENOENT for a tracepoint that this kernel does not have.
     */
    attach(hook?: Hook): Promise<Link>;
    /**
     * Attaches to several hooks: to all, or to none when one fails.
     *
     * @param hooks such as those of `kprobes('tcp_*')`
     */
    attachAll(hooks: Iterable<Hook>): Promise<LinkSet>;
    /**
     * Attaches to the first of the hooks that this kernel takes, and says why those before it were passed over.
     *
     * @throws EbpfError ERR_EBPF_NONE_ATTACHED, with every reason, when it takes none
     */
    attachFirst(hooks: Iterable<Hook>): Promise<FirstAttached>;
    /**
     * Runs the program on given input, without any event, off the JavaScript thread. Linux 4.12 for network programs; the
     * kernel answers ENOTSUPP for types that it cannot run so.
     */
    testRun(options?: TestRunOptions): Promise<TestRunResult>;
    /**
     * What the program writes to its stdout, by `bpf_stream_printk(BPF_STDOUT, …)`, line by line. Linux 6.17.
     *
     * The kernel keeps 100 000 bytes that nobody has taken, from before this call, too; what does not fit is refused to the
     * program. A stream has one reader at a time: leaving the loop leaves what was not handed over to the next one. It ends
     * when the program is closed.
     *
     * @throws EbpfError ERR_EBPF_BUSY while there is another reader, ERR_EBPF_KERNEL on older kernels
     */
    stdout(options?: LineOptions): LineStream<string>;
    /**
     * What the kernel reports of the running program, such as a fault in an arena, a deadlock or a loop that was ended, with
     * a stack trace; and what it writes to BPF_STDERR. Otherwise as {@link stdout}.
     */
    stderr(options?: LineOptions): LineStream<string>;
    /**
     * Pins the program in a BPF file system, where it outlives this process. Linux 4.4.
     *
     * @param path of a file that does not exist, below a mounted bpffs such as `/sys/fs/bpf`
     */
    pin(path: string): void;
    /**
     * Removes a pin of the program.
     *
     * @throws TypeError when that is no pin, or one of something else
     */
    unpin(path: string): void;
    /**
     * Closes the descriptor, at once. Links of the program stay attached. A second call does nothing.
     */
    close(): void;
    [Symbol.dispose](): void;
    protected describe(): string;
}

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
