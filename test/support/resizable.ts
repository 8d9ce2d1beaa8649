/** ArrayBuffers that can grow and shrink: every Node that we run on has them, the types of Node 20 do not. */
export type ResizableBuffer = ArrayBuffer & { resize(size: number): void }

export function resizableBuffer(size: number, most: number = size): ResizableBuffer {
  const Resizable = ArrayBuffer as unknown as new (size: number, options: { maxByteLength: number }) => ResizableBuffer
  return new Resizable(size, { maxByteLength: most })
}
