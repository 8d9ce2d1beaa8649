import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { rejectedPrograms } from '../../scripts/rejected-programs.mjs'
import { exampleText, examplesOf, meanings, pages, renderPage } from '../../scripts/verifier-classes.mjs'
import { root } from '../../scripts/support.mjs'

describe('the pages of refusals', () => {
  it.each(Object.keys(pages))('%s is what the script writes', (path) => {
    const text = readFileSync(join(root, path), 'utf8')
    expect(text, 'run: node scripts/verifier-classes.mjs').toBe(renderPage(pages[path]!, examplesOf(text)))
  })

  it('have each class once', () => {
    const classes = Object.values(pages).flatMap((page) => Object.keys(page.classes))
    expect(classes.sort()).toEqual([...meanings().keys()].sort())
  })

  it('have an example of each class that a program of ours is refused with', () => {
    const refused = new Set(
      rejectedPrograms().flatMap(({ statements }) =>
        statements.flatMap(({ kind }) => (kind === undefined ? [] : [kind])),
      ),
    )
    for (const [path, { classes }] of Object.entries(pages)) {
      const examples = examplesOf(readFileSync(join(root, path), 'utf8'))
      for (const [kind, program] of Object.entries(classes)) {
        expect.soft(program !== undefined, `${kind} has a program`).toBe(refused.has(kind))
        expect.soft(examples.has(kind), `${kind} has an example`).toBe(refused.has(kind))
        if (program !== undefined) expect.soft(examples.get(kind)?.text).toContain(`of object '${program}'`)
      }
    }
  })

  it('show errors without the way there, and without what is of one machine', () => {
    const error = `/home/me/wrong.bpf.c:10:3: error: the verifier refused program 'f' of object 'wrong': R1 must be a rcu pointer
   9 |   before();
> 10 |   call(1); /* refused here since 6.1 */
     |   ^
  11 |   after();
  instruction 3: (85) call bpf_task_acquire#65895
/home/me/wrong.bpf.c:8:3: note: r1 == 0 holds: the jump is taken
> 8 |   if (x)
    |   ^
hint: Do this;
then that.`
    expect(
      exampleText(error),
    ).toBe(`wrong.bpf.c:10:3: error: the verifier refused program 'f' of object 'wrong': R1 must be a rcu pointer
> 10 |   call(1);
     |   ^
  instruction 3: (85) call bpf_task_acquire
hint: Do this;
then that.`)
  })
})
