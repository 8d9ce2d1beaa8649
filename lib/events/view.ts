/** A view of a record: {@link Batch.forEachView}. Read-only; `{ ...view }` makes an object that can be kept. */
export type RecordView<T> = Readonly<T>
