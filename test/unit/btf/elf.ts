/** Just enough of ELF64 to find a section by its name. */
export function elfSection(file: Uint8Array, wanted: string): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const little = file[5] === 1
  const sectionHeaders = Number(view.getBigUint64(40, little))
  const headerSize = view.getUint16(58, little)
  const count = view.getUint16(60, little)
  const section = (index: number): { name: number; start: number; size: number } => {
    const at = sectionHeaders + index * headerSize
    return {
      name: view.getUint32(at, little),
      start: Number(view.getBigUint64(at + 24, little)),
      size: Number(view.getBigUint64(at + 32, little)),
    }
  }
  const names = section(view.getUint16(62, little)).start
  for (let index = 0; index < count; index++) {
    const { name, start, size } = section(index)
    const text = Buffer.from(file.buffer, file.byteOffset + names + name, wanted.length + 1).toString('latin1')
    if (text === `${wanted}\0`) return file.subarray(start, start + size)
  }
  throw new Error(`no section ${wanted}`)
}
