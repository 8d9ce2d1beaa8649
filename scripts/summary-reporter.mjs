// A vitest reporter whose last line counts the tests of all projects, those of types included: "N passed, N failed".

export default class SummaryReporter {
  #counts = { passed: 0, failed: 0, skipped: 0 }

  onInit() {
    // At exit, so that it is the last line also when a global teardown fails after the tests passed.
    process.once('exit', (code) => {
      const { passed, skipped } = this.#counts
      const failed = this.#counts.failed === 0 && code !== 0 ? 1 : this.#counts.failed
      process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
    })
  }

  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      const results = [...module.children.allTests()].map((test) => test.result().state)
      for (const state of results) counts[state === 'pending' ? 'skipped' : state] += 1
      // A file that could not even be collected holds no tests, and is a failure all the same.
      if (module.state() === 'failed' && !results.includes('failed')) counts.failed += 1
    }
    this.#counts = counts
  }
}
