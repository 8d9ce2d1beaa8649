/** The TypeScript compiler over files that are nowhere on disk. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const root: string = fileURLToPath(new URL('../../../', import.meta.url))

/** As strict as projects are. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noPropertyAccessFromIndexSignature: true,
  noUnusedLocals: true,
  erasableSyntaxOnly: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  isolatedDeclarations: true,
  declaration: true,
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
}

/**
 * What the compiler says of files, as `name(line): message`.
 *
 * @param files texts by path from the repository's root
 */
export function compilerErrors(files: Readonly<Record<string, string>>): string[] {
  const texts = new Map(Object.entries(files).map(([name, text]) => [join(root, name), text]))
  const folders = new Set([...texts.keys()].map((path) => dirname(path)))
  const host = ts.createCompilerHost(OPTIONS)
  const { fileExists, readFile, directoryExists, getSourceFile } = host
  host.getCurrentDirectory = () => root
  host.fileExists = (path) => texts.has(path) || fileExists(path)
  host.readFile = (path) => texts.get(path) ?? readFile(path)
  host.directoryExists = (path) => folders.has(path) || (directoryExists?.(path) ?? true)
  host.getSourceFile = (path, options, ...others) => {
    const text = texts.get(path)
    return text === undefined ? getSourceFile(path, options, ...others) : ts.createSourceFile(path, text, options)
  }
  const program = ts.createProgram([...texts.keys()], OPTIONS, host)
  return [...texts.keys()].flatMap((path) => {
    const source = program.getSourceFile(path)
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    return [...found, ...program.getDeclarationDiagnostics(source)].map(({ start = 0, messageText }) => {
      const line = source === undefined ? 0 : ts.getLineAndCharacterOfPosition(source, start).line + 1
      return `${path.slice(root.length)}(${line}): ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
    })
  })
}
