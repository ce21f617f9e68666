package cutover

// canary_send.go answers: how is an event given to a writer the way its other events come? Next: policy.go.

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// canaryField is the field that holds the id in events that have fields.
const canaryField = "hikkoshi_canary"

// ToHTTP sends a JSON event to a URL: fluentd's in_http (http://127.0.0.1:9880/the.tag), fluent-bit's and logstash's http input.
type ToHTTP struct {
	URL string
	// Fields are added to the event, where a filter asks for some.
	Fields map[string]string
}

// String says how.
func (s ToHTTP) String() string { return "POST " + maskSecrets(s.URL) }

// Send posts the event.
func (s ToHTTP) Send(ctx context.Context, canary Canary) error {
	event := map[string]string{canaryField: canary.ID}
	for key, value := range s.Fields {
		event[key] = value
	}
	body, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("write a canary: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("send a canary: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("send a canary: %w", err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, outputLimit))
	if err != nil {
		return fmt.Errorf("send a canary: %w", err)
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("send a canary: the writer answered %s: %s", answer.Status, strings.TrimSpace(string(said)))
	}
	return nil
}

// ToForward sends an event by fluentd's forward protocol, without TLS or a shared key.
type ToForward struct{ Address, Tag string }

// String says how.
func (s ToForward) String() string { return "forward to " + s.Address + " tag " + s.Tag }

// Send writes one message in the protocol's first mode: [tag, time, {field: id}] as MessagePack.
func (s ToForward) Send(ctx context.Context, canary Canary) error {
	if len(s.Tag) > maxString16 {
		return fmt.Errorf("send a canary: the tag is longer than %d bytes", maxString16)
	}
	message := []byte{arrayOf3}
	message = appendString(message, s.Tag)
	message = binary.BigEndian.AppendUint32(append(message, uint32Mark), uint32(time.Now().Unix()))
	message = append(message, mapOf1)
	message = appendString(message, canaryField)
	message = appendString(message, canary.ID)
	return dialAndWrite(ctx, "tcp", s.Address, message)
}

// Marks of MessagePack (github.com/msgpack/msgpack, spec.md).
const (
	arrayOf3    = 0x93
	mapOf1      = 0x81
	uint32Mark  = 0xce
	string16    = 0xda
	maxString16 = 1<<16 - 1
)

func appendString(message []byte, text string) []byte {
	message = binary.BigEndian.AppendUint16(append(message, string16), uint16(len(text)))
	return append(message, text...)
}

// ToSyslog sends one line of RFC 3164 to a syslog input: network "udp", "tcp" or "unixgram" ("/dev/log").
type ToSyslog struct{ Network, Address string }

// String says how.
func (s ToSyslog) String() string { return "syslog to " + s.Network + " " + s.Address }

// syslogPriority is facility user (1), severity notice (5).
const syslogPriority = 1*8 + 5

// Send writes the line.
func (s ToSyslog) Send(ctx context.Context, canary Canary) error {
	line := fmt.Sprintf("<%d>%s localhost hikkoshi: %s\n", syslogPriority, time.Now().Format(time.Stamp), canary.ID)
	return dialAndWrite(ctx, s.Network, s.Address, []byte(line))
}

func dialAndWrite(ctx context.Context, network, address string, message []byte) error {
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return fmt.Errorf("send a canary: %w", err)
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := connection.SetDeadline(deadline); err != nil {
			return fmt.Errorf("send a canary: %w", err)
		}
	}
	_, err = connection.Write(message)
	if closing := connection.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("send a canary: %w", err)
	}
	return nil
}

// CanaryMark is replaced by the canary's id in the line of ToFile.
const CanaryMark = "{{canary}}"

// ToFile appends a line to a file that the writer follows.
type ToFile struct {
	Path string
	// Line is a line as the writer's parser expects it, with CanaryMark somewhere: in the user agent of an access log.
	Line string
}

// String says how.
func (s ToFile) String() string { return "a line in " + s.Path }

// Send appends the line by one write, so that it never mixes with the lines of the program that owns the file.
func (s ToFile) Send(_ context.Context, canary Canary) error {
	if !strings.Contains(s.Line, CanaryMark) {
		return problem("put "+CanaryMark+" into the line", fmt.Errorf("the line for %s has no place for the canary's id", s.Path))
	}
	// Not created: a file nobody follows proves nothing.
	file, err := os.OpenFile(s.Path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("send a canary: %w", err)
	}
	_, err = file.WriteString(strings.ReplaceAll(s.Line, CanaryMark, canary.ID) + "\n")
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("send a canary: %w", err)
	}
	return nil
}
