# The addon: native/*.cc and libbpf, as one file that needs nothing but libc.
#
# libbpf=bundled (the default) links the libbpf and libelf that scripts/libbpf.mjs builds, and Debian's static zlib.
# libbpf=system links what pkg-config finds. Run scripts/build-addon.mjs rather than node-gyp: it checks what is needed,
# says what is missing, and does nothing when nothing changed.
{
  'variables': {
    'libbpf%': 'bundled',
  },
  'targets': [
    {
      'target_name': 'ebpf',
      'sources': [
        '<!@(node -p "require(\'fs\').readdirSync(\'native\').filter((file) => file.endsWith(\'.cc\')).map((file) => \'native/\' + file).join(\' \')")',
      ],
      'defines': [
        'NAPI_VERSION=9',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        # A worker that is being terminated can run no more JavaScript: an exception has nowhere to go then.
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
        'NAPI_DISABLE_CPP_EXCEPTIONS',
        '_GNU_SOURCE',
      ],
      'cflags': [
        '-Wall', '-Wextra', '-Werror',
        '-fPIC', '-fvisibility=hidden', '-ffunction-sections', '-fdata-sections',
        # Not our code: no warnings from its headers.
        '-isystem<!(node -p "require(\'path\').dirname(require.resolve(\'node-addon-api\'))")',
      ],
      'cflags!': ['-Wno-unused-parameter'],
      'cflags_cc!': ['-std=gnu++14', '-std=gnu++17', '-std=gnu++20'],
      'cflags_cc': ['-std=c++17', '-fno-exceptions', '-fno-rtti', '-fvisibility-inlines-hidden'],
      'ldflags': [
        '-static-libstdc++', '-static-libgcc',
        # Node exports zlib's functions, and another addon may carry a libbpf of its own: ours stay ours.
        '-Wl,--exclude-libs,ALL', '-Wl,-Bsymbolic', '-Wl,--version-script=<(module_root_dir)/scripts/addon.map',
        '-Wl,--gc-sections', '-Wl,-z,relro,-z,now',
        # Node unloads an addon with the last environment that used it. libbpf's caches, our lock and table of rings, and
        # threads of the pool that have just left our code would go with it.
        '-Wl,-z,nodelete',
      ],
      'conditions': [
        ['libbpf == "bundled"', {
          'variables': { 'libbpf_folder': '<!(node scripts/libbpf.mjs)' },
          'defines': ['EBPF_LIBBPF_BUNDLED=1', 'LIBBPF_API='],
          'cflags': ['-isystem<(libbpf_folder)/include', '-isystem<(libbpf_folder)/include/uapi'],
          # Answered in place of libbpf's own: native/kernel_btf.cc, as it would parse the kernel's BTF for each load, and
          # native/load_statistics.cc, as it asks for no statistics.
          'ldflags': ['-Wl,--wrap=btf__load_vmlinux_btf', '-Wl,--wrap=btf__free', '-Wl,--wrap=bpf_prog_load'],
          'libraries': ['<(libbpf_folder)/lib/libbpf.a', '<(libbpf_folder)/lib/libelf.a', '-l:libz.a'],
        }, {
          'cflags': ['<!@(pkg-config --cflags libbpf)'],
          'libraries': ['<!@(pkg-config --libs libbpf)'],
        }],
      ],
    },
  ],
}
