package fleet

// server.go answers: how does the embedded server run, and who may reach it? Next: connect.go.

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	// startPatience is how long the embedded server may take to read its files.
	startPatience = time.Minute
	// closePatience bounds how long a farewell may take.
	closePatience = 2 * time.Second
	// shortestToken refuses secrets that are guessed in no time.
	shortestToken = 16
	// largestMessage bounds one value: a unit's payload or result. Larger things are blobs.
	largestMessage = 1 << 20
)

// embedded is a NATS server in this process.
type embedded struct{ server *server.Server }

// startEmbedded starts it. Every write is on the disk before it is answered, so that a power cut takes back nothing that a
// worker was told is committed. Without Listen there is no port at all.
func startEmbedded(options Options) (*embedded, error) {
	if err := os.MkdirAll(options.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the fleet's folder: %w", err)
	}
	settings := &server.Options{ServerName: "hikkoshi", JetStream: true, StoreDir: options.Folder, SyncAlways: true, DontListen: true,
		NoLog: true, NoSigs: true, MaxPayload: largestMessage}
	if options.Listen != "" {
		host, port, err := listenAddress(options.Listen)
		if err != nil {
			return nil, err
		}
		if len(options.Token) < shortestToken {
			return nil, fmt.Errorf("listen on %s: %w of at least %d characters", options.Listen, ErrNoToken, shortestToken)
		}
		if err := mayListen(options.Listen); err != nil {
			return nil, err
		}
		settings.DontListen, settings.Host, settings.Port = false, host, port
	}
	settings.Authorization = options.Token
	made, err := server.NewServer(settings)
	if err != nil {
		return nil, fmt.Errorf("make the embedded NATS server: %w", err)
	}
	made.Start()
	if !made.ReadyForConnections(startPatience) {
		made.Shutdown()
		if options.Listen != "" {
			return nil, fmt.Errorf("the embedded NATS server cannot listen on %s", options.Listen)
		}
		return nil, errors.New("the embedded NATS server does not start")
	}
	return &embedded{server: made}, nil
}

// mayListen tries the address: the server itself would try a taken port again and again, and tell only its log.
func mayListen(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen for workers: %w", err)
	}
	return listener.Close()
}

func listenAddress(address string) (string, int, error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("listen on %s: %w", address, err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return "", 0, fmt.Errorf("listen on %s: the port is no number", address)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

func (e *embedded) stop() {
	e.server.Shutdown()
	e.server.WaitForShutdown()
}
