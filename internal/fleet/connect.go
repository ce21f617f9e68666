package fleet

// connect.go answers: how does this process reach the servers, and what does it do when they go away? Next: attempt.go.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	// connectPatience is how long a leader waits for an external cluster. Who joins waits as long as its context allows:
	// whoever starts workers first should not have to start them again.
	connectPatience = time.Minute
	// connectTry bounds one try, reconnectPause lies between two.
	connectTry     = 5 * time.Second
	reconnectPause = 250 * time.Millisecond
	// pingEvery finds a server whose machine is gone; two pings without an answer end the connection.
	pingEvery = 5 * time.Second
)

// connect connects in the process, or over the network with patience. A wrong secret is told at once.
func connect(ctx context.Context, options Options, own *embedded, heard func(connected bool)) (*nats.Conn, error) {
	list := []nats.Option{nats.Name("hikkoshi " + options.Worker), nats.MaxReconnects(-1), nats.ReconnectWait(reconnectPause), nats.Timeout(connectTry),
		nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(2),
		nats.DisconnectErrHandler(func(conn *nats.Conn, err error) {
			heard(false)
			if err != nil && !conn.IsClosed() {
				options.Notice("the connection to NATS is lost (" + err.Error() + "); work goes on when it is back")
			}
		}),
		nats.ReconnectHandler(func(conn *nats.Conn) {
			heard(true)
			options.Notice("connected to NATS again: " + conn.ConnectedUrlRedacted())
		}),
	}
	if options.Token != "" {
		list = append(list, nats.Token(options.Token))
	}
	if options.CredentialsFile != "" {
		list = append(list, nats.UserCredentials(options.CredentialsFile))
	}
	if options.CAFile != "" {
		list = append(list, nats.RootCAs(options.CAFile))
	}
	if own != nil {
		conn, err := nats.Connect("", append(list, nats.InProcessServer(own.server))...)
		if err != nil {
			return nil, fmt.Errorf("connect to the embedded NATS server: %w", err)
		}
		return conn, nil
	}
	addresses := strings.Join(options.URLs, ",")
	deadline := time.Now().Add(connectPatience)
	for {
		conn, err := nats.Connect(addresses, list...)
		switch {
		case err == nil:
			return conn, nil
		case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
			return nil, fmt.Errorf("connect to %s: %w", addresses, ErrRefusedToken)
		case !errors.Is(err, nats.ErrNoServers) && !errors.Is(err, nats.ErrTimeout) || !options.Join && time.Now().After(deadline):
			return nil, fmt.Errorf("connect to %s: %w", addresses, err)
		}
		if err := pause(ctx, reconnectPause); err != nil {
			return nil, fmt.Errorf("connect to %s: %w", addresses, err)
		}
	}
}

// pause waits, or ends with ctx.
func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
