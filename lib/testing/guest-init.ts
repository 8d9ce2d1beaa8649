/**
 * What runs in the guest: the first program of its initial file system, and the one that it hands over to in the host's.
 * Both run in busybox, which needs nothing of the guest's own.
 *
 * They talk to the host over the second serial port, a line each: `kernel RELEASE`, `start UPTIME`, `exit CODE`,
 * `error SENTENCE`. The command's output goes over ports of virtio, as a serial port passes only some 0.2 MB a second.
 */

/** Where the guest keeps what is its own, in a tmpfs over the host's /run. */
export const GUEST_FOLDER = '/run/ebpf-vm'

/** Tags and names of the guest's devices. */
export const ROOT_TAG = 'hostroot'
export const STDOUT_PORT = 'ebpf.stdout'
export const STDERR_PORT = 'ebpf.stderr'

/** Modules that the guest needs before it has the host's file system, where they are not built into the kernel. */
export const EARLY_MODULES: readonly string[] = ['virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay']

const COMMON = `
b=$0
say() { echo "$*" >/dev/ttyS1; }
# The host ends the guest when it has read the line.
fail() { say "error $*"; $b sleep 10; $b poweroff -f; }
# attempt WHAT COMMAND...
attempt() {
  what=$1
  shift
  words=$("$@" 2>&1) || fail "$what: $(echo "$words" | $b tail -n 1)"
}
`

/** /init of the initial file system. */
export const FIRST_INIT: string = `#!/bin/busybox sh
${COMMON.replace('b=$0', 'b=/bin/busybox')}
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
. /settings
say "kernel $($b uname -r)"
for module in /modules/*.ko; do
  [ -e "$module" ] || continue
  attempt "the module \${module##*/} cannot be loaded" $b insmod "$module"
done

options=trans=virtio,version=9p2000.L,msize=512000
attempt "the host's file system cannot be mounted (9p over virtio)" \\
  $b mount -t 9p -o "ro,$options,cache=loose" ${ROOT_TAG} /lower
attempt "a tmpfs cannot be mounted" $b mount -t tmpfs -o mode=755,size=90% tmpfs /upper
$b mkdir /upper/files /upper/work
attempt "the overlay over the host's file system cannot be mounted" \\
  $b mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /root

# place TYPE FOLDER [OPTIONS]: a kernel that was built without a file system goes without it.
place() {
  $b grep -qw "$1" /proc/filesystems || return 0
  $b mkdir -p "/root$2"
  attempt "$1 cannot be mounted on $2" $b mount -t "$1" -o "\${3:-rw}" "$1" "/root$2"
}
place proc /proc
place sysfs /sys
place devtmpfs /dev
place devpts /dev/pts mode=620,ptmxmode=666
place tmpfs /dev/shm mode=1777
place tmpfs /run mode=755
place bpf /sys/fs/bpf
place tracefs /sys/kernel/tracing
place debugfs /sys/kernel/debug
place cgroup2 /sys/fs/cgroup
place securityfs /sys/kernel/security
for link in 'fd:/proc/self/fd' 'stdin:/proc/self/fd/0' 'stdout:/proc/self/fd/1' 'stderr:/proc/self/fd/2'; do
  $b ln -sf "\${link#*:}" "/root/dev/\${link%%:*}"
done

# Host folders that the guest may really write to.
index=0
while [ $index -lt "$writable_count" ]; do
  eval "path=\\$writable_$index"
  $b mkdir -p "/root$path"
  attempt "$path of the host cannot be mounted" $b mount -t 9p -o "rw,$options,cache=mmap" "writable$index" "/root$path"
  index=$((index + 1))
done

$b mkdir /root${GUEST_FOLDER}
$b cp /bin/busybox /settings /second /command /root${GUEST_FOLDER}/
for folder in /proc /sys /dev; do $b umount $folder; done
exec $b switch_root /root ${GUEST_FOLDER}/busybox sh ${GUEST_FOLDER}/second
echo "switch_root failed"
`

/** What runs in the host's file system: it makes the rest ready, runs the command, and tells how it ended. */
export const SECOND_INIT: string = `
${COMMON.replace('b=$0', `b=${GUEST_FOLDER}/busybox`)}
. ${GUEST_FOLDER}/settings
release=$($b uname -r)
$b hostname ebpf-vm
$b ip link set lo up
ulimit -n 65536

# Modules that the kernel asks for by itself.
if [ -n "$modules" ]; then
  if ! [ "$modules" -ef "/lib/modules/$release" ]; then
    $b mkdir -p /lib/modules
    $b rm -rf "/lib/modules/$release"
    attempt "the kernel's modules cannot be linked" $b ln -s "$modules" "/lib/modules/$release"
  fi
  [ -e /proc/sys/kernel/modprobe ] && echo "$modprobe" >/proc/sys/kernel/modprobe
fi

# Where libbpf looks for how the kernel was built.
if [ -n "$configuration" ] && ! [ -e "/boot/config-$release" ]; then
  $b mkdir -p /boot
  $b ln -sf "$configuration" "/boot/config-$release"
fi

# Before Linux 5.16, 9p reads a file that is executed in single pages, and a large program takes most of a minute.
if [ -n "$copied" ] && dd "if=$copied" of=${GUEST_FOLDER}/copied bs=512k iflag=direct 2>/dev/null; then
  $b chmod 755 ${GUEST_FOLDER}/copied
  $b mount -o bind ${GUEST_FOLDER}/copied "$copied"
fi

port() {
  for port in /sys/class/virtio-ports/*; do
    read -r name <"$port/name" && [ "$name" = "$1" ] && echo "/dev/\${port##*/}" && return
  done 2>/dev/null
  return 1
}

end() {
  code=$1
  index=0
  while [ $index -lt "$writable_count" ]; do
    eval "path=\\$writable_$index"
    $b sync
    $b umount "$path" 2>/dev/null
    index=$((index + 1))
  done
  say "exit $code"
  $b sleep 10
  $b poweroff -f
}

uptime() { read -r now rest </proc/uptime && echo "$now"; }

if [ -n "$terminal" ]; then
  tries=0
  until [ -c /dev/hvc0 ]; do
    tries=$((tries + 1))
    [ $tries -gt 200 ] && fail "the guest has no terminal: its kernel lacks virtio_console"
    $b sleep 0.05
  done
  $b stty -F /dev/hvc0 sane $terminal
  say "start $(uptime)"
  $b setsid -c /bin/sh ${GUEST_FOLDER}/command </dev/hvc0 >/dev/hvc0 2>&1
  code=$?
  $b printf '\\0%s' "$end_mark" >/dev/hvc0
  end $code
fi

tries=0
until stdout=$(port ${STDOUT_PORT}) && stderr=$(port ${STDERR_PORT}); do
  tries=$((tries + 1))
  [ $tries -gt 200 ] && fail "the guest has no ports for the output: its kernel lacks virtio_console"
  $b sleep 0.05
done
exec 3>"$stdout" 4>"$stderr"
$b mkfifo ${GUEST_FOLDER}/stdout ${GUEST_FOLDER}/stderr
# Pipes, as programs print progress screens and colours to a terminal.
$b cat <${GUEST_FOLDER}/stdout >&3 4>&- &
first=$!
$b cat <${GUEST_FOLDER}/stderr >&4 3>&- &
second=$!
say "start $(uptime)"
/bin/sh ${GUEST_FOLDER}/command </dev/null >${GUEST_FOLDER}/stdout 2>${GUEST_FOLDER}/stderr 3>&- 4>&-
code=$?
# What the command left running in the background may hold its output open for ever.
tries=0
while [ -d /proc/$first ] || [ -d /proc/$second ]; do
  tries=$((tries + 1))
  [ $tries -gt 40 ] && $b kill $first $second 2>/dev/null && break
  $b sleep 0.05
done
$b printf '\\0%s' "$end_mark" >&3
$b printf '\\0%s' "$end_mark" >&4
end $code
`

/** A word that the shell takes as it is. */
export const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`

/** Assignments that both programs read. */
export function settingsFile(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${quote(String(value))}\n`)
    .join('')
}

/** The shell program that becomes the command: in its folder, with its environment and nothing else. */
export function commandFile(
  command: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>>,
): string {
  const assignments = Object.entries(environment).map(([name, value]) => quote(`${name}=${value}`))
  return `cd ${quote(folder)} || exit 126\nexec env -i ${[...assignments, ...command.map(quote)].join(' ')}\n`
}
