/** Names with versions: the same places to a uprobe, to one link on several functions, and to a query; stripped or not. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Hook } from '../../../lib/hooks/hook.ts'
import { type UprobeMultiOptions, uprobeMulti } from '../../../lib/hooks/uprobe-multi.ts'
import { uprobe } from '../../../lib/hooks/uprobe.ts'
import type { LinkInfo } from '../../../lib/link-info.ts'
import { loadObject } from '../../../lib/object-spec.ts'
import type { BpfProgram } from '../../../lib/program.ts'
import { query } from '../../../lib/query.ts'
import { isOlder } from '../../../lib/system/kernel-version.ts'
import { libbpfVersion } from '../../../lib/system/libbpf-version.ts'
import { fixture } from '../../support/fixtures.ts'
import { olderThan } from '../../support/kernel-features.ts'
import { versionOffsets, versionedLibrary } from '../../support/versioned-library.ts'
import { rejection } from '../../support/wait.ts'

const library = versionedLibrary()
const { V1, V2 } = versionOffsets(library)
const folder = mkdtempSync(`${tmpdir()}/ebpf-versions-`)
const stripped = `${folder}/libstripped.so`

beforeAll(() => execFileSync('strip', ['-o', stripped, library]))
afterAll(() => rmSync(folder, { recursive: true }))

async function withProgram(name: string, body: (program: BpfProgram) => Promise<void>): Promise<void> {
  await using object = await loadObject(fixture(name))
  await body(object.programs.first as BpfProgram)
}

/** What the kernel says of the link that is there while the program is attached. */
async function attached(program: BpfProgram, hook: Hook, look?: (id: number) => Promise<void>): Promise<LinkInfo> {
  const link = await program.attach(hook as never)
  try {
    const info = link.info()
    await look?.(info.id)
    return info
  } finally {
    await link.close()
  }
}

const linkIds = async (hook: Hook): Promise<(number | undefined)[]> =>
  (await query(hook)).entries.map(({ linkId }) => linkId)

describe.each([
  ['with all its symbols', () => library],
  ['that was stripped', () => stripped],
])('in a library %s', (_what, binaryOf) => {
  const names: [string, bigint][] = [
    ['versioned@V1', V1],
    ['versioned@@V1', V1],
    ['versioned@V2', V2],
    ['versioned@@V2', V2],
  ]

  test.skipIf(olderThan('6.6')).each(names)('a uprobe on %s is there, and found there', async (symbol, offset) => {
    await withProgram('hooks-uprobe', async (program) => {
      const binary = binaryOf()
      const info = await attached(program, uprobe(binary, { symbol }), async (id) => {
        for (const [name, place] of names) {
          expect(await linkIds(uprobe(binary, { symbol: name }))).toEqual(place === offset ? [id] : [])
        }
        expect(await linkIds(uprobe(binary, { symbol: 'versioned' }))).toEqual([id])
        expect(await linkIds(uprobe(binary, { symbol: 'versioned@V3' }))).toEqual([])
      })
      expect(info).toMatchObject({ event: 'uprobe', offset })
    })
  })

  const lacksMulti = olderThan('6.8') || isOlder(libbpfVersion, '1.3')
  const several: [UprobeMultiOptions, bigint[]][] = [
    [{ symbols: ['versioned@V1'] }, [V1]],
    [{ symbols: ['versioned@@V2', 'versioned@V1'], cookies: [2, 1] }, [V2, V1]],
    [{ pattern: 'versione?@V1' }, [V1]],
    [{ pattern: 'versioned@@V2' }, [V2]],
    [{ pattern: 'versioned*' }, [V1, V2]],
  ]
  test.skipIf(lacksMulti).each(several)('one link on %j is there, and found there', async (options, offsets) => {
    await withProgram('hooks-uprobe-multi', async (program) => {
      const binary = binaryOf()
      const info = await attached(program, uprobeMulti(binary, options), async (id) => {
        expect(await linkIds(uprobeMulti(binary, options))).toEqual([id])
        for (const [name, place] of names) {
          const found = await linkIds(uprobeMulti(binary, { symbols: [name] }))
          expect(found).toEqual(offsets.includes(place) ? [id] : [])
        }
      })
      const places = (info as Extract<LinkInfo, { type: 'uprobe_multi' }>).offsets as BigUint64Array
      const order = options.pattern === undefined ? [...places] : [...places].sort()
      expect(order).toEqual(options.pattern === undefined ? offsets : [...offsets].sort())
    })
  })

  const refused: [string, string][] = [
    ['versioned', 'ESRCH'],
    ['versioned@V3', 'ENOENT'],
    ['versioned@', 'ENOENT'],
    ['versione@V1', 'ENOENT'],
    ['@V1', 'ENOENT'],
  ]
  test.each(refused)('a uprobe on %s is refused', async (symbol, code) => {
    await withProgram('hooks-uprobe', async (program) => {
      const error = await rejection(program.attach(uprobe(binaryOf(), { symbol })))
      expect(error).toMatchObject({ code, program: 'first', message: expect.stringContaining(`'${symbol}'`) })
    })
  })

  test.skipIf(lacksMulti).each(refused)('one link on %s is refused', async (symbol, code) => {
    await withProgram('hooks-uprobe-multi', async (program) => {
      const error = await rejection(program.attach(uprobeMulti(binaryOf(), { symbols: ['versioned@V1', symbol] })))
      expect(error).toMatchObject({ code, program: 'first', message: expect.stringContaining(`'${symbol}'`) })
    })
  })
})
