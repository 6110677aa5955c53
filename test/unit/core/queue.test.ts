import { describe, expect, test } from 'vitest'
import { Queue } from '../../../ts/queue.js'

describe('a queue', () => {
  test('gives back in order, however pushes and shifts alternate', () => {
    const queue = new Queue<number>()
    const taken: number[] = []
    let pushed = 0
    for (let round = 0; round < 200; round++) {
      for (let more = 0; more <= round % 7; more++) queue.push(pushed++)
      for (let less = 0; less < round % 5; less++) taken.push(queue.shift() as number)
    }
    while (queue.length > 0) taken.push(queue.shift() as number)
    expect(taken).toEqual(Array.from({ length: pushed }, (_, index) => index))
  })

  test('says undefined when it is empty, and goes on working', () => {
    const queue = new Queue<string>()
    expect(queue.shift()).toBeUndefined()
    queue.push('a')
    expect(queue.length).toBe(1)
    expect(queue.shift()).toBe('a')
    expect(queue.shift()).toBeUndefined()
    expect(queue.length).toBe(0)
  })

  test('keeps its order over a burst that it grew for', () => {
    const queue = new Queue<number>()
    for (let index = 0; index < 20_000; index++) queue.push(index)
    const taken = Array.from({ length: 20_000 }, () => queue.shift())
    expect(taken).toEqual(Array.from({ length: 20_000 }, (_, index) => index))
    queue.push(7)
    expect(queue.shift()).toBe(7)
  })
})
