import { styleText } from 'node:util'
import { errnoName } from './errno-name.ts'
import type { DemoEvent } from './event.ts'
import { commandLine, duration, printable, shorten, shortenStart, timeOfDay } from './format.ts'

type Style = Parameters<typeof styleText>[0]

interface Cell {
  text: string
  style?: Style
}

type Column = 'time' | 'type' | 'pid' | 'parent' | 'command' | 'result' | 'duration'

/** Characters for each column, in their order, where there is room and on a narrow terminal; numbers stand at the right. */
const columns: { name: Column; wide: number; narrow: number; right?: true }[] = [
  { name: 'time', wide: 12, narrow: 8 },
  { name: 'type', wide: 4, narrow: 4 },
  { name: 'pid', wide: 7, narrow: 7, right: true },
  { name: 'parent', wide: 7, narrow: 7, right: true },
  { name: 'command', wide: 15, narrow: 9 },
  { name: 'result', wide: 12, narrow: 8 },
  { name: 'duration', wide: 8, narrow: 8, right: true },
]

/** Columns of a terminal from which on there is room. */
const wideTerminal = 110

const typeStyles = { exec: 'green', exit: 'magenta', open: 'cyan' } as const satisfies Record<string, Style>

/** Events as aligned lines: on a terminal coloured and cut to its width, elsewhere plain and whole. */
export class Table {
  readonly #stream: NodeJS.WriteStream
  readonly #coloured: boolean

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
    // Node decides, by NO_COLOR and FORCE_COLOR too.
    this.#coloured = styleText('bold', '-', { stream }) !== '-'
  }

  header(): string {
    const title = (name: string): Cell => ({ text: name.toUpperCase(), style: 'bold' })
    return this.#line(title, (room) => shorten('ARGUMENTS OR PATH', room))
  }

  line(event: DemoEvent): string {
    const { time, type, pid, parent, command, durationNs } = event
    const cells: Record<Column, Cell> = {
      time: { text: timeOfDay(time, !this.#narrow), style: 'dim' },
      type: { text: type, style: typeStyles[type] },
      pid: { text: String(pid) },
      parent: { text: String(parent), style: 'dim' },
      command: { text: printable(command) },
      result: { text: result(event), ...(failed(event) && { style: 'red' }) },
      duration: { text: duration(durationNs), style: 'dim' },
    }
    return this.#line(
      (name) => cells[name],
      (room) => details(event, room),
    )
  }

  /** Of the terminal; none without one. It may change at any time. */
  get #width(): number {
    return this.#stream.isTTY ? this.#stream.columns : Number.POSITIVE_INFINITY
  }

  get #narrow(): boolean {
    return this.#width < wideTerminal
  }

  /** @param last gives the last column, which has what room is left */
  #line(cell: (name: Column) => Cell, last: (room: number) => string): string {
    const narrow = this.#narrow
    let room = this.#width
    const cells = columns.map(({ name, right, ...widths }) => {
      const { text, style } = cell(name)
      const width = narrow ? widths.narrow : widths.wide
      room -= width + 1
      const cut = room === Number.POSITIVE_INFINITY ? text : shorten(text, width)
      return this.#paint(right ? cut.padStart(width) : cut.padEnd(width), style)
    })
    return `${[...cells, last(room)].join(' ').trimEnd()}\n`
  }

  #paint(text: string, style: Style | undefined): string {
    return this.#coloured && style !== undefined ? styleText(style, text, { validateStream: false }) : text
  }
}

function result(event: DemoEvent): string {
  if (event.type === 'exit') return event.signal ?? `code ${event.exitCode}`
  if (event.result < 0) return errnoName(event.result)
  return event.type === 'open' ? `fd ${event.result}` : 'ok'
}

function failed({ type, result }: DemoEvent): boolean {
  return type === 'exit' ? result !== 0 : result < 0
}

function details(event: DemoEvent, room: number): string {
  switch (event.type) {
    case 'exec':
      return shorten(printable(commandLine(event.arguments)) + (event.cut ? '…' : ''), room)
    case 'exit':
      return ''
    case 'open': {
      const path = printable(event.path) + (event.cut ? '…' : '')
      const flags = event.flags.join('|')
      // Of a long path its end says most.
      return path.length + flags.length < room ? `${path} ${flags}` : shortenStart(path, room)
    }
  }
}
