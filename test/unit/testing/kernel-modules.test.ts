import { describe, expect, it } from 'vitest'
import { loadOrder, moduleName, parseBuiltin, parseDependencies } from '../../../lib/testing/kernel-modules.ts'

const dependencies = parseDependencies(`kernel/net/9p/9pnet.ko.xz:
kernel/net/9p/9pnet_virtio.ko.xz: kernel/net/9p/9pnet.ko.xz kernel/drivers/virtio/virtio.ko.xz
kernel/fs/9p/9p.ko.xz: kernel/fs/netfs/netfs.ko.xz kernel/net/9p/9pnet.ko.xz
kernel/fs/netfs/netfs.ko.xz:
kernel/drivers/virtio/virtio.ko.xz:
kernel/crypto/some-cipher.ko: kernel/lib/table.ko
kernel/lib/table.ko:
`)

describe('modules', () => {
  it('are loaded after what they need, each once', () => {
    expect(loadOrder(dependencies, ['9pnet_virtio', '9p']).map(moduleName)).toEqual([
      'virtio',
      '9pnet',
      '9pnet_virtio',
      'netfs',
      '9p',
    ])
  })

  it('that are built in, or unknown, are passed over', () => {
    expect(loadOrder(dependencies, ['overlay', 'virtio'])).toEqual(['kernel/drivers/virtio/virtio.ko.xz'])
    expect(loadOrder(new Map(), ['9p'])).toEqual([])
  })

  it('are found by both spellings of their names', () => {
    expect(loadOrder(dependencies, ['some_cipher'])).toEqual(['kernel/lib/table.ko', 'kernel/crypto/some-cipher.ko'])
    expect(moduleName('kernel/net/9p/9pnet-virtio.ko.zst')).toBe('9pnet_virtio')
  })

  it('that are built in have their names in a list', () => {
    expect([...parseBuiltin('kernel/fs/overlayfs/overlay.ko\nkernel/drivers/char/virtio-console.ko\n')]).toEqual([
      'overlay',
      'virtio_console',
    ])
  })
})
