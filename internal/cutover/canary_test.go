package cutover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// pond holds what a sender sent, and is searched.
type pond struct {
	got      chan string
	seen     []string
	failures int
}

func (p *pond) FindCanary(_ context.Context, query string) ([]Place, error) {
	if p.failures > 0 {
		p.failures--
		return nil, errors.New("the target is not there yet")
	}
	select {
	case text := <-p.got:
		p.seen = append(p.seen, text)
	default:
	}
	for _, text := range p.seen {
		if strings.Contains(text, strings.Trim(query, `"*`)) {
			return []Place{{Index: "i", ID: "1"}}, nil
		}
	}
	return nil, nil
}

// listen gives what one connection or packet brings.
func listen(t *testing.T, network string) (string, chan string) {
	t.Helper()
	got := make(chan string, 1)
	if network != "tcp" {
		address := "127.0.0.1:0"
		if network == "unixgram" {
			address = filepath.Join(t.TempDir(), "log")
		}
		socket, err := net.ListenPacket(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { socket.Close() })
		go func() {
			buffer := make([]byte, 4096)
			if n, _, err := socket.ReadFrom(buffer); err == nil {
				got <- string(buffer[:n])
			}
		}()
		return socket.LocalAddr().String(), got
	}
	listener, err := net.Listen(network, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		if data, err := io.ReadAll(connection); err == nil {
			got <- string(data)
		}
	}()
	return listener.Addr().String(), got
}

func TestACanaryIsGivenInEveryWayAndFound(t *testing.T) {
	t.Parallel()
	server := make(chan string, 1)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var event map[string]string
		if err != nil || json.Unmarshal(body, &event) != nil || event["extra"] != "x" || r.URL.Path != "/a.b" {
			http.Error(w, "bad", http.StatusBadRequest)
			return
		}
		server <- event[canaryField]
	}))
	defer web.Close()
	forward, forwarded := listen(t, "tcp")
	tcp, tcpGot := listen(t, "tcp")
	udp, udpGot := listen(t, "udp")
	unix, unixGot := listen(t, "unixgram")
	for _, c := range []struct {
		sender Sender
		got    chan string
	}{
		{ToHTTP{URL: web.URL + "/a.b", Fields: map[string]string{"extra": "x"}}, server},
		{ToForward{Address: forward, Tag: "a.b"}, forwarded},
		{ToSyslog{"tcp", tcp}, tcpGot}, {ToSyslog{"udp", udp}, udpGot}, {ToSyslog{"unixgram", unix}, unixGot},
	} {
		v := vault{dir: t.TempDir(), kind: "k", name: "n"}
		var state State
		proof := &Proof{Sender: c.sender, Searcher: &pond{got: c.got, failures: 1}}
		if err := proof.prove(t.Context(), v, &state); err != nil {
			t.Errorf("%s: %v", c.sender, err)
			continue
		}
		if len(state.Canary.Found) != 1 || state.Canary.Sent == "" || len(state.Evidence) != 1 {
			t.Errorf("%s: %+v", c.sender, state)
		}
	}
}

func TestTheForwardMessageIsMessagePackOfTagTimeAndRecord(t *testing.T) {
	t.Parallel()
	address, got := listen(t, "tcp")
	if err := (ToForward{Address: address, Tag: "tag"}).Send(t.Context(), Canary{ID: "id"}); err != nil {
		t.Fatal(err)
	}
	message := <-got
	if !strings.HasPrefix(message, "\x93\xda\x00\x03tag\xce") || !strings.HasSuffix(message, "\x81\xda\x00\x0fhikkoshi_canary\xda\x00\x02id") {
		t.Errorf("%q", message)
	}
}

func TestALineForAFollowedFileHoldsTheCanaryWhereThePersonSaid(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "access.log")
	sender := ToFile{Path: path, Line: `127.0.0.1 - - "GET / HTTP/1.1" 200 0 "-" "{{canary}}"`}
	if err := sender.Send(t.Context(), Canary{ID: "id"}); err == nil {
		t.Error("a file that nobody follows was made")
	}
	if err := os.WriteFile(path, []byte("first\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := sender.Send(t.Context(), Canary{ID: "id"}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if want := "first\n127.0.0.1 - - \"GET / HTTP/1.1\" 200 0 \"-\" \"id\"\n"; err != nil || string(data) != want {
		t.Errorf("%q, %v", data, err)
	}
	if err := (ToFile{Path: path, Line: "nothing"}).Send(t.Context(), Canary{ID: "id"}); err == nil {
		t.Error("a line without a place for the canary was sent")
	}
}

// deaf takes a canary and loses it.
type deaf struct{ sent int }

func (d *deaf) Send(context.Context, Canary) error { d.sent++; return nil }
func (d *deaf) String() string                     { return "a hole" }

func TestACanaryThatDoesNotArriveIsAnErrorAndTheNextRunLooksForTheSameOne(t *testing.T) {
	t.Parallel()
	v := vault{dir: t.TempDir(), kind: "k", name: "n"}
	hole, water := &deaf{}, &pond{got: make(chan string, 1)}
	proof := &Proof{Sender: hole, Searcher: water, Patience: 50 * time.Millisecond}
	state := State{Kind: "k", Name: "n"}
	if err := proof.prove(t.Context(), v, &state); !errors.Is(err, ErrNotTaken) {
		t.Fatal(err)
	}
	again, err := v.load()
	if err != nil || again.Canary == nil || again.Canary.ID != state.Canary.ID || again.Canary.Sent == "" {
		t.Fatalf("%+v, %v", again.Canary, err)
	}
	water.got <- again.Canary.ID // it was only slow
	if err := proof.prove(t.Context(), v, &again); err != nil || hole.sent != 1 {
		t.Errorf("sent %d times, %v", hole.sent, err)
	}
}

func TestTheInputsOfAConfigurationAreFoundForTheCanary(t *testing.T) {
	t.Parallel()
	folder := unpack(t, map[string]string{"fluent.conf": `
<source>
  @type http
  port 8888
</source>
<source>
  @type forward
  bind 10.0.0.1
</source>
<source>
  @type forward
  port 1
  <security>
    shared_key k
  </security>
</source>
<source>
  @type http
  @label @OTHER
</source>
<match {app,web}.*.**>
  @type elasticsearch
  host old
</match>
<label @OTHER>
  <match **>
    @type elasticsearch
    host old
  </match>
  <match never>
    @type elasticsearch
    host elsewhere
  </match>
</label>
`, "rsyslog.conf": `module(load="imudp")
input(type="imudp" port="514")
input(type="imtcp" port="1514" address="*")
`}, same)
	f := &Fluentd{Writer: Writer{Config: filepath.Join(folder, "fluent.conf"), Source: Endpoint{URL: "http://old:9200"}}}
	senders, err := f.Senders()
	want := []string{"POST http://127.0.0.1:8888/app.hikkoshi.hikkoshi.canary", "POST http://127.0.0.1:9880/hikkoshi.canary", "forward to 10.0.0.1:24224 tag app.hikkoshi.hikkoshi.canary"}
	if got := texts(senders); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	r := &Rsyslog{Writer: Writer{Config: filepath.Join(folder, "rsyslog.conf")}}
	senders, err = r.Senders()
	if got := texts(senders); err != nil || !slices.Equal(got, []string{"syslog to udp 127.0.0.1:514", "syslog to tcp 127.0.0.1:1514"}) {
		t.Errorf("%q, %v", got, err)
	}
}

func texts(senders []Sender) []string {
	var list []string
	for _, sender := range senders {
		list = append(list, fmt.Sprint(sender))
	}
	return list
}
