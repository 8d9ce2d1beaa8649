/** The ring that is measured: room for 200 000 records of 64 bytes and ten fields in 16 MiB. */
import { type BpfObject, loadObject, RingBuffer } from 'ebpf'

/** As many as fill the ring. */
export const RECORDS = 200_000

export const eventsObject = new URL('./programs/events.bpf.o', import.meta.url)

/** `struct event` of programs/events.bpf.c. */
export interface Event {
  time: bigint
  duration: bigint
  bytes: bigint
  pid: number
  tid: number
  uid: number
  cpu: number
  flags: number
  result: number
  comm: string
}

export interface Events {
  object: BpfObject
  ring: RingBuffer<Event>
  /** The descriptor of the program that fills the ring. */
  program: number
}

export async function openEvents(int64: 'bigint' | 'number' = 'bigint'): Promise<Events> {
  const object: BpfObject = await loadObject(eventsObject, { int64 })
  const ring = object.map('events', RingBuffer) as RingBuffer<Event>
  return { object, ring, program: object.programs.fill!.fd }
}
