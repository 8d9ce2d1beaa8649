// The public API, rolled up from lib/loader/plugin.ts. Made by "npm run api"; do not edit.

// As in api.d.ts: CompileOptions, CpuVersion

/** How files that are imported are compiled. */
interface ImportOptions extends Pick<CompileOptions, 'architecture' | 'args' | 'cache' | 'clang' | 'cpu' | 'defines' | 'endianness' | 'includes' | 'vmlinux' | 'warnings'> {
    /** How 64-bit integers are decoded, as of `loadObject`; `bigint` by default. An import can say otherwise: `?int64=number`. */
    int64?: 'bigint' | 'number';
}
/** What the plugins of all bundlers share. */

/** Options of the plugins. What they leave out, the field `ebpf` of the nearest package.json may say. */
interface PluginOptions extends ImportOptions {
    /** Whether objects are in the bundle, which is the default, or files beside it. */
    embed?: boolean;
    /**
     * Whether the types of each import are written beside its file, as `x.bpf.d.c.ts`, for editors and tsc. By default while one
     * works: by Vite's development server, and by Rollup and Rolldown that watch.
     */
    declarations?: boolean;
}
interface EsbuildMessage {
    text: string;
    location: {
        file: string;
        /** From 1. */
        line: number;
        /** From 0, in bytes. */
        column: number;
        length: number;
        lineText: string;
    } | null;
    notes: {
        text: string;
        location: EsbuildMessage['location'];
    }[];
    detail?: unknown;
}
interface EsbuildLoaded {
    contents?: string | Uint8Array;
    loader?: 'js' | 'file';
    resolveDir?: string;
    watchFiles?: string[];
    errors?: EsbuildMessage[];
    warnings?: EsbuildMessage[];
    pluginData?: unknown;
}
interface LoadArguments {
    path: string;
    suffix: string;
}
interface ResolveArguments {
    path: string;
    importer: string;
    pluginData: unknown;
}
interface EsbuildResolved {
    path: string;
    namespace?: string;
    external?: boolean;
    pluginData?: unknown;
}
/** What esbuild gives a plugin, as far as it is used. */
interface EsbuildBuild {
    onResolve: (options: {
        filter: RegExp;
        namespace?: string;
    }, resolve: (args: ResolveArguments) => EsbuildResolved | undefined) => void;
    onLoad: (options: {
        filter: RegExp;
        namespace?: string;
    }, load: (args: LoadArguments & {
        pluginData: unknown;
    }) => Promise<EsbuildLoaded | undefined> | EsbuildLoaded) => void;
}
/** A plugin that esbuild 0.17 and newer take. */
interface EsbuildPlugin {
    name: string;
    setup: (build: EsbuildBuild) => void;
}
/**
 * Imports of `./x.bpf.c` and `./x.bpf.o` are modules that load the object, as `ebpf types` writes them; the package itself
 * stays outside of the bundle. esbuild does not say whether it watches: types are written when `declarations` is true.
 *
 * @throws TypeError, EbpfError for options that cannot be
 */
declare function esbuild(options?: PluginOptions): EsbuildPlugin;
/** A place in a file, as these bundlers name it. */
interface LogLocation {
    file: string;
    /** From 1. */
    line: number;
    /** From 0. */
    column: number;
}
/** What hooks are called with, as far as it is used. */
interface HookContext {
    addWatchFile: (path: string) => void;
    emitFile: (file: {
        type: 'asset';
        name: string;
        source: Uint8Array;
    }) => string;
    warn: (warning: {
        message: string;
        id: string;
        loc?: LogLocation;
    }) => void;
    resolve: (source: string, importer?: string, options?: {
        skipSelf?: boolean;
    }) => Promise<{
        id: string;
        external?: unknown;
    } | null>;
    meta: {
        watchMode?: boolean;
    };
}
/** A plugin that Rollup 4, Rolldown 1 and Vite 6 and newer take. */
interface RollupPlugin {
    name: string;
    resolveId: (this: HookContext, source: string, importer: string | undefined) => Promise<{
        id: string;
        external?: boolean;
    } | null>;
    load: (this: HookContext, id: string) => Promise<{
        code: string;
        map: null;
    } | null>;
    resolveFileUrl: (place: FilePlace) => string | null;
}
/** Where a file is that was put beside the bundle. */
interface FilePlace {
    moduleId: string | null;
    format: string;
    /** From the chunk. */
    relativePath: string;
}
/**
 * Imports of `./x.bpf.c` and `./x.bpf.o` are modules that load the object, as `ebpf types` writes them; the package itself
 * stays outside of the bundle.
 *
 * @throws TypeError, EbpfError for options that cannot be
 */
declare function rollup(options?: PluginOptions): RollupPlugin;
/** The plugin for Vite and Vitest. */

/** What Vite says of itself, as far as it is used. */
interface ResolvedConfig {
    command: 'build' | 'serve';
    mode: string;
}
interface ModuleGraph<Module> {
    getModuleById: (id: string) => Module | undefined;
}
/** A plugin that Vite 6 and newer, and Vitest, take. */
interface VitePlugin extends RollupPlugin {
    enforce: 'pre';
    config: () => {
        ssr: {
            external: string[];
        };
        build?: {
            emitAssets: boolean;
        };
    };
    configResolved: (config: ResolvedConfig) => void;
    hotUpdate: <Module>(this: {
        environment: {
            moduleGraph: ModuleGraph<Module>;
        };
    }, update: {
        file: string;
        modules: Module[];
    }) => Module[] | undefined;
}
/**
 * As the plugin for Rollup. The development server compiles anew when a source or one of its headers changes, and shows errors
 * of the compiler in its overlay; there, objects are always in the modules.
 *
 * @throws TypeError, EbpfError for options that cannot be
 */
declare function vite(options?: PluginOptions): VitePlugin;
export { esbuild, rollup as rolldown, rollup, vite };
export type { EsbuildPlugin, ImportOptions, PluginOptions, RollupPlugin, VitePlugin };
