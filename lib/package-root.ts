/**
 * The folder of the package, a URL that ends in `/`. It holds in lib/, as tests run it, and in dist/, where this becomes part of a file
 * that lies directly in dist/, as this one does in lib/ (scripts/bundle.mjs).
 */
export const packageRoot: URL = new URL('..', import.meta.url)
