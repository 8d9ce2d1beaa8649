/**
 * Says in generated interfaces which properties are readings of the same bytes, those of a C union: nothing has such a property, and
 * one of them is enough to write a value.
 */
export declare const readings: unique symbol

/** Names of properties that are readings of the same bytes. */
export type ReadingsOf<T> = typeof readings extends keyof T ? Extract<T[typeof readings], string> : never
