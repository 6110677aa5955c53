/** A server and a client exchange messages over a socket; answers what they ran on. */
const MESSAGES = 100

module.exports = async function play({ Channel, ConnectionListener, Server }) {
  class Echo extends Channel {
    Network_say(data) {
      this.send(data)
    }
  }
  class Game extends Server {
    channelClass = Echo
  }
  const game = new Game({ port: 0 })
  const { port } = await game.start()
  const heard = []
  await new Promise((resolve, reject) => {
    class Player extends ConnectionListener {
      Network_connected() {
        for (let i = 0; i < MESSAGES; i++) this.send({ action: 'say', i, text: 'hello' })
      }
      Network_say({ i }) {
        heard.push(i)
        if (heard.length === MESSAGES) this.close()
      }
      Network_disconnected() {
        resolve()
      }
    }
    new Player({ dispatch: 'auto' }).connect('127.0.0.1', port).catch(reject)
  })
  const { transport, transportReason } = game
  await game.stop()
  const inOrder = heard.length === MESSAGES && heard.every((value, at) => value === at)
  console.log(JSON.stringify({ transport, transportReason, inOrder }))
}
