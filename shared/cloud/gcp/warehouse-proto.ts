import { decimalFromScaled } from '#shared/kernel/decimal.ts'
import type { ColumnType, TableName } from '../manifest/table.ts'
import type { Row } from '../port.ts'
import { type CheckedValue, checkedRow, tableSpec } from '../row.ts'

/** The numbers that protobuf's own descriptor.proto gives to its field types. */
const fieldTypes = { double: 1, int64: 3, bool: 8, string: 9 } as const
const labelOptional = 1

/** How the Storage Write API wants each kind of column: NUMERIC and JSON as text, times as microseconds. */
const fieldTypeOf: Readonly<Record<ColumnType, keyof typeof fieldTypes>> = {
  string: 'string',
  integer: 'int64',
  float: 'double',
  money: 'string',
  boolean: 'bool',
  timestamp: 'int64',
  json: 'string',
}

/** A protobuf message type as data, `google.protobuf.DescriptorProto`. */
export type RowDescriptor = {
  readonly name: string
  readonly field: readonly {
    readonly name: string
    readonly number: number
    readonly label: number
    readonly type: number
  }[]
}

/** The message type whose fields are the columns of a table, numbered from 1 in their order. */
export const rowDescriptor = (table: TableName): RowDescriptor => ({
  name: 'Row',
  field: Object.entries(tableSpec(table).columns).map(([name, type], index) => ({
    name,
    number: index + 1,
    label: labelOptional,
    type: fieldTypes[fieldTypeOf[type]],
  })),
})

/**
 * A row as a protobuf message of `rowDescriptor`. A null is a field that is left out.
 *
 * @throws TradingError ROW_INVALID
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function encodeRow(table: string, row: Row): Uint8Array {
  const types = Object.values(tableSpec(table).columns)
  const parts = checkedRow(table, row).flatMap((value, index) =>
    value === null ? [] : encodeField(index + 1, types[index] as ColumnType, value),
  )
  return Buffer.concat(parts)
}

function encodeField(number: number, type: ColumnType, value: CheckedValue): Uint8Array[] {
  const tag = (wireType: number) => encodeVarint(BigInt((number << 3) | wireType))
  switch (fieldTypeOf[type]) {
    case 'bool':
      return [tag(0), encodeVarint(value ? 1n : 0n)]
    case 'int64':
      return [tag(0), encodeVarint(BigInt(value))]
    case 'double': {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleLE(Number(value))
      return [tag(1), bytes]
    }
    case 'string': {
      const text = type === 'money' ? decimalFromScaled(BigInt(value), 8) : String(value)
      const bytes = Buffer.from(text, 'utf8')
      return [tag(2), encodeVarint(BigInt(bytes.length)), bytes]
    }
  }
}

/** Seven bits a byte, lowest first; a negative number as its 64-bit two's complement. */
function encodeVarint(value: bigint): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}
