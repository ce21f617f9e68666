package load

// meter.go answers: how many documents a second, and how long will the rest take? Next: job.go.

import (
	"sync"
	"time"
)

const (
	// meterSeconds is over how many seconds speed is told: steady enough to read, quick enough to show a change.
	meterSeconds = 10
)

// meter counts what was answered for. The zero value counts.
type meter struct {
	mutex     sync.Mutex
	documents int64
	bytes     int64
	refused   int64
	retries   int64
	total     int64
	// seconds is a ring of what each of the last seconds brought.
	seconds [meterSeconds + 1]second
	began   time.Time
}

type second struct {
	at               int64
	documents, bytes int64
}

func (m *meter) add(outcome Outcome) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	now := time.Now()
	if m.began.IsZero() {
		m.began = now
	}
	m.documents += outcome.Sent
	m.bytes += outcome.Bytes
	m.refused += outcome.Aside
	slot := &m.seconds[now.Unix()%int64(len(m.seconds))]
	if slot.at != now.Unix() {
		*slot = second{at: now.Unix()}
	}
	slot.documents += outcome.Sent
	slot.bytes += outcome.Bytes
}

func (m *meter) retry() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.retries++
}

func (m *meter) expect(documents int64) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.total += documents
}

func (m *meter) fill(live *Live) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	live.Documents, live.Bytes, live.Refused, live.Retries, live.Total = m.documents, m.bytes, m.refused, m.retries, m.total
	if m.began.IsZero() {
		return
	}
	now := time.Now()
	var documents, bytes int64
	for _, slot := range m.seconds {
		if now.Unix()-slot.at <= meterSeconds {
			documents += slot.documents
			bytes += slot.bytes
		}
	}
	window := min(max(now.Sub(m.began).Seconds(), 1), meterSeconds)
	live.DocumentsPerSecond, live.BytesPerSecond = float64(documents)/window, float64(bytes)/window
	live.Remaining = remaining(live.Total-live.Documents, live.DocumentsPerSecond)
}
