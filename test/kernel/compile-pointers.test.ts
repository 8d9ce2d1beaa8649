/** Addresses in data, which nothing fills in: the compiler says nothing of them, and the program reads 0. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BpfObject, type CompiledObject, compile, loadObject } from '../../lib/index.ts'
import { SourceFolder } from '../support/source-folder.ts'

const SOURCE = `
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

static const char *const names[] = { "first", "second" };
static const char words[][8] = { "first", "second" };
int other;
int *pointer = &other;
int which;
unsigned char of_names[8], of_words[8];
unsigned long long address = 1;

SEC("raw_tp")
int read_names(void *context)
{
  unsigned int at = *(volatile int *)&which & 1;
  address = (unsigned long)*(int *volatile *)&pointer;
  __builtin_memcpy(of_words, words[at], 8);
  bpf_probe_read_kernel(of_names, 8, names[at]);
  return 0;
}
`

let folder: SourceFolder
let compiled: CompiledObject

beforeAll(async () => {
  folder = new SourceFolder()
  folder.write('names.bpf.c', SOURCE)
  compiled = await compile(`${folder.path}/names.bpf.c`, { cache: `${folder.path}/cache` })
})

afterAll(() => folder[Symbol.dispose]())

describe('data that holds addresses', () => {
  it('is warned of by name, also when it comes from the cache', async () => {
    const again = await compile(`${folder.path}/names.bpf.c`, { cache: `${folder.path}/cache` })
    expect(again.cached).toBe(true)
    for (const { diagnostics } of [compiled, again]) {
      expect(diagnostics.map(({ severity, message }) => `${severity}: ${message.split(',')[0]}`).toSorted()).toEqual([
        "warning: 'names' holds an address of another variable",
        "warning: 'pointer' holds an address of another variable",
      ])
    }
    expect(String(compiled.diagnostics[0])).toContain('names.bpf.c: warning: ')
  })

  it('is no matter where no warnings are wanted', async () => {
    const { diagnostics } = await compile(`${folder.path}/names.bpf.c`, { cache: false, warnings: false })
    expect(diagnostics).toEqual([])
  })

  it('reads as 0, as the warning says', async () => {
    const object: BpfObject = await loadObject(compiled)
    try {
      await object.programs.read_names?.testRun()
      const { address, of_names, of_words } = object.globals as Record<string, unknown>
      expect(address).toBe(0n)
      expect(of_names).toEqual(new Uint8Array(8))
      expect(Buffer.from(of_words as Uint8Array).toString()).toBe('first\0\0\0')
    } finally {
      await object.close()
    }
  })
})
