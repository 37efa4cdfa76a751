/**
 * Writes a tiny model as an ONNX file: `probabilities = softmax(features · weights + bias)`, opset 17, by spelling out
 * the few protobuf fields of onnx.proto that it needs. Tests make their models with it, so no binary lies in the tree.
 */
export type TinyModel = {
  /** `[feature][class]`, classes down, flat, up. */
  readonly weights: readonly (readonly number[])[]
  readonly bias: readonly number[]
  /** False leaves the softmax out: such a model answers with something that are no probabilities. */
  readonly withSoftmax?: boolean
  readonly inputName?: string
}

export function onnxFile({
  weights,
  bias,
  withSoftmax = true,
  inputName = 'features',
}: TinyModel): Uint8Array {
  const features = weights.length
  const classes = bias.length
  const last = withSoftmax ? 'logits' : 'probabilities'
  const nodes = [
    node('MatMul', [inputName, 'weights'], 'product'),
    node('Add', ['product', 'bias'], last),
    ...(withSoftmax ? [node('Softmax', ['logits'], 'probabilities')] : []),
  ]
  const graph = concat([
    ...nodes.map((bytes) => field(1, bytes)),
    field(2, text('tiny')),
    field(5, tensor('weights', [features, classes], weights.flat())),
    field(5, tensor('bias', [classes], bias)),
    field(11, value(inputName, features)),
    field(12, value('probabilities', classes)),
  ])
  const irVersion = 8n
  const opset = concat([field(1, text('')), number(2, 17n)])
  return concat([number(1, irVersion), field(7, graph), field(8, opset)])
}

const node = (operator: string, inputs: readonly string[], output: string): Uint8Array =>
  concat([
    ...inputs.map((name) => field(1, text(name))),
    field(2, text(output)),
    field(4, text(operator)),
  ])

const floatType = 1n

const tensor = (name: string, dims: readonly number[], values: readonly number[]): Uint8Array =>
  concat([
    ...dims.map((size) => number(1, BigInt(size))),
    number(2, floatType),
    field(8, text(name)),
    field(9, new Uint8Array(Float32Array.from(values).buffer)),
  ])

/** A matrix of any number of rows. */
function value(name: string, width: number): Uint8Array {
  const rows = field(1, field(2, text('batch')))
  const columns = field(1, number(1, BigInt(width)))
  const type = concat([number(1, floatType), field(2, concat([rows, columns]))])
  return concat([field(1, text(name)), field(2, field(1, type))])
}

const text = (word: string): Uint8Array => new TextEncoder().encode(word)

/** Wire type 2: a length and so many bytes. */
const field = (id: number, bytes: Uint8Array): Uint8Array =>
  concat([varint(BigInt(id * 8 + 2)), varint(BigInt(bytes.length)), bytes])

/** Wire type 0. */
const number = (id: number, amount: bigint): Uint8Array =>
  concat([varint(BigInt(id * 8)), varint(amount)])

function varint(amount: bigint): Uint8Array {
  const bytes: number[] = []
  let left = amount
  do {
    const low = Number(left & 127n)
    left >>= 7n
    bytes.push(left > 0n ? low | 128 : low)
  } while (left > 0n)
  return Uint8Array.from(bytes)
}

const concat = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))
