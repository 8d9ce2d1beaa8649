/** What is being done before the command starts: a bar on a terminal, a line for each step elsewhere. */
import { SingleBar } from 'cli-progress'
import colours from 'picocolors'
import type { VmProgress } from '../testing/progress.ts'

const SENTENCES: Readonly<Record<VmProgress['step'], string>> = {
  index: 'Fetching',
  download: 'Downloading',
  unpack: 'Unpacking',
  boot: 'Booting',
}

export class ProgressBar {
  readonly #quiet: boolean
  readonly #isTerminal: boolean
  #bar: SingleBar | undefined
  #shown = ''

  constructor(quiet: boolean) {
    this.#quiet = quiet
    this.#isTerminal = process.stderr.isTTY === true
  }

  show({ step, subject, fraction }: VmProgress): void {
    if (this.#quiet) return
    const sentence = `${SENTENCES[step]} ${subject}`
    if (this.#isTerminal && fraction !== undefined) {
      this.#bar ??= this.#start(sentence)
      this.#bar.update(fraction)
      return
    }
    this.clear()
    if (sentence === this.#shown) return
    this.#shown = sentence
    process.stderr.write(`${colours.dim(sentence)}\n`)
  }

  /** Makes room for other output. */
  clear(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  #start(sentence: string): SingleBar {
    const bar = new SingleBar({
      format: `${colours.dim(sentence)} {bar} {percentage} %`,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      barCompleteChar: '█',
      barIncompleteChar: '░',
    })
    bar.start(1, 0)
    return bar
  }
}
