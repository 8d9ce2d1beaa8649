/** What is being done before the command starts. */
export interface VmProgress {
  step: 'index' | 'download' | 'unpack' | 'boot'
  /** What it is done to: a package, a kernel. */
  subject: string
  /** From 0 to 1, where it is known. */
  fraction?: number
}

export type OnProgress = (progress: VmProgress) => void
