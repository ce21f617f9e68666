package load

// valve.go answers: how much may be under way just now, and why not more? One valve is shared by all jobs of a process. The
// target's own answers decide (one more body while answers stay quick, half as many when it asks for patience), within what
// a person allows and what the target's load leaves. Next: meter.go.

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

const (
	// bytesUnderWay bounds the memory of bodies under way; one body beyond it goes alone.
	bytesUnderWay = 96 << 20
	// queueFew and queueMany are how many bodies may wait at the target by our estimate: below the first one more is
	// tried, above the second one less.
	queueFew, queueMany = 1.0, 3.0
	// quickMemory is how many answers pass until the quickest time is measured anew, with half as much under way: the
	// target's speed changes, and under full load nothing is quick.
	quickMemory = 200
	// throttleMemory is how long a request for patience counts as the reason for being slow.
	throttleMemory = 15 * time.Second
)

// The causes of a throttle, the strictest first.
const (
	causePaused  = "paused"
	causeBlocked = "blocked" // the target takes nothing just now
	causeStop    = "target stop"
	causeBusy    = "busy"
	causeSlow    = "target slow"
	causeRate    = "rate"
	causeBytes   = "bytes"
)

var causes = []string{causePaused, causeBlocked, causeStop, causeBusy, causeSlow, causeRate, causeBytes}

// Valve holds the flow of all jobs of a process to one target.
type Valve struct {
	meter meter

	mutex   sync.Mutex
	changed chan struct{} // closed and replaced whenever something may go on
	limits  Limits
	// sharers is among how many processes the rates are shared out.
	sharers int
	// allowed is how many bodies the target's answers allow; it moves in fractions.
	allowed    float64
	under      int
	underBytes int64
	// quick is the shortest time per byte seen lately.
	quick   float64
	answers int
	slowed  time.Time
	// reasons hold why the flow is narrow, by cause; stopped is set while nothing may start.
	reasons map[string]reason
	told    string
	tell    func(string)
	rate    *rate.Limiter
	bytes   *rate.Limiter
	// portion is how many documents a body may hold, so that a low rate does not mean rare and large bodies.
	portion atomic.Int64
	// spare are bodies to be filled again.
	spare sync.Pool
}

type reason struct {
	text  string
	since time.Time
}

// NewValve makes a valve.
func NewValve(limits Limits) *Valve {
	v := &Valve{changed: make(chan struct{}), sharers: 1, allowed: startBodies, reasons: map[string]reason{}, rate: rate.NewLimiter(rate.Inf, 1), bytes: rate.NewLimiter(rate.Inf, 1)}
	v.SetLimits(limits)
	return v
}

// OnThrottle sets who hears of each new reason for being slow, and of its end ("").
func (v *Valve) OnThrottle(tell func(reason string)) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.tell = tell
}

// Limits gives what is allowed.
func (v *Valve) Limits() Limits {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	return v.limits
}

// SetLimits changes what is allowed, from the next body on.
func (v *Valve) SetLimits(limits Limits) {
	v.mutex.Lock()
	v.limits = limits
	tell := v.obey()
	v.mutex.Unlock()
	tell()
}

// Share says among how many processes the rates are shared out, this one among them.
func (v *Valve) Share(processes int) {
	v.mutex.Lock()
	tell := func() {}
	if processes = max(1, processes); processes != v.sharers {
		v.sharers = processes
		tell = v.obey()
	}
	v.mutex.Unlock()
	tell()
}

// obey makes the limits hold. The mutex is held; the call it gives is made without.
func (v *Valve) obey() (tell func()) {
	limits := v.limits
	documents, megabytes := limits.MaxRate/float64(v.sharers), limits.MaxMegabytes/float64(v.sharers)
	v.allowed = min(v.allowed, float64(limits.bodies()))
	setRate(v.rate, documents)
	v.portion.Store(batchDocuments)
	if documents > 0 {
		v.portion.Store(max(1, min(batchDocuments, int64(documents))))
	}
	setRate(v.bytes, megabytes*1e6)
	v.because(causePaused, map[bool]string{true: "paused"}[limits.Paused])
	v.because(causeRate, rateText(documents, "documents"))
	v.because(causeBytes, rateText(megabytes, "MB"))
	v.wake()
	return v.news()
}

func setRate(limiter *rate.Limiter, most float64) {
	if most <= 0 {
		limiter.SetLimit(rate.Inf)
		return
	}
	limiter.SetBurst(max(1, int(most)))
	limiter.SetLimit(rate.Limit(most))
}

func rateText(most float64, what string) string {
	if most <= 0 {
		return ""
	}
	return fmt.Sprintf("limited to %g %s a second", most, what)
}

// Pause holds what is not under way yet; Resume lets it go on.
func (v *Valve) Pause() { v.setPaused(true) }

// Resume ends a pause.
func (v *Valve) Resume() { v.setPaused(false) }

func (v *Valve) setPaused(paused bool) {
	limits := v.Limits()
	limits.Paused = paused
	v.SetLimits(limits)
}

// Live gives the numbers of the moment.
func (v *Valve) Live() Live {
	v.mutex.Lock()
	live := Live{InFlight: v.under, Allowed: v.places(), Limits: v.limits}
	live.Throttle, live.ThrottledSince = v.strictest()
	v.mutex.Unlock()
	v.meter.fill(&live)
	return live
}

// Expect adds documents to those that there are in all.
func (v *Valve) Expect(documents int64) { v.meter.expect(documents) }

// places is how many bodies may be under way.
func (v *Valve) places() int {
	if v.limits.Paused || v.reasons[causeStop].text != "" {
		return 0
	}
	return max(1, min(int(v.allowed), v.limits.bodies()))
}

// enter waits until a body may go.
func (v *Valve) enter(ctx context.Context, documents int, bytes int64) error {
	if err := waitRate(ctx, v.rate, documents); err != nil {
		return err
	}
	if err := waitRate(ctx, v.bytes, int(bytes)); err != nil {
		return err
	}
	for {
		v.mutex.Lock()
		if v.under < v.places() && (v.under == 0 || v.underBytes+bytes <= bytesUnderWay) {
			v.under++
			v.underBytes += bytes
			v.mutex.Unlock()
			return nil
		}
		changed := v.changed
		v.mutex.Unlock()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// waitRate takes tokens in portions, since a body may hold more documents than a second allows.
func waitRate(ctx context.Context, limit *rate.Limiter, wanted int) error {
	for wanted > 0 && limit.Limit() != rate.Inf {
		portion := min(wanted, limit.Burst())
		if err := limit.WaitN(ctx, portion); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			continue // the limit was changed meanwhile, so that the portion is too large now
		}
		wanted -= portion
	}
	return nil
}

// leave ends what enter began.
func (v *Valve) leave(bytes int64) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	v.under--
	v.underBytes -= bytes
	v.wake()
}

// body gives an empty batch, giveBack takes one that nobody looks at any more.
func (v *Valve) body() *batch {
	if spare, is := v.spare.Get().(*batch); is {
		return spare
	}
	return &batch{body: make([]byte, 0, batchBytes+batchBytes/16)}
}

func (v *Valve) giveBack(body *batch) {
	body.reset()
	v.spare.Put(body)
}

func (v *Valve) wake() {
	close(v.changed)
	v.changed = make(chan struct{})
}

// answered learns from a good answer.
func (v *Valve) answered(bytes int64, took time.Duration) {
	v.mutex.Lock()
	switch {
	case v.reasons[causeSlow].text != "":
	case bytes < batchBytes/4:
		// Small bodies are all overhead: their time tells nothing, so only a request for patience narrows their flow.
		v.grow()
	default:
		v.estimate(float64(took) / float64(bytes))
	}
	v.because(causeBlocked, "")
	if busy := v.reasons[causeBusy]; busy.text != "" && time.Since(busy.since) > throttleMemory {
		v.because(causeBusy, "")
	}
	v.wake()
	tell := v.news()
	v.mutex.Unlock()
	tell()
}

// estimate compares the time per byte with the quickest. If the target had no queue, a body would take the quickest time;
// what it takes beyond that is spent waiting there, so the share of bodies that only wait can be told.
func (v *Valve) estimate(each float64) {
	if v.answers++; v.answers%quickMemory == 0 {
		v.quick, v.allowed = 0, max(1, v.allowed/2)
	}
	if v.quick == 0 || each < v.quick {
		v.quick = each
	}
	waiting := float64(v.under) * (1 - v.quick/each)
	switch {
	case waiting < queueFew:
		v.grow()
	case waiting > queueMany:
		v.allowed = max(1, v.allowed-1/max(1, v.allowed))
	}
}

// grow allows a little more, while what is allowed is also used.
func (v *Valve) grow() {
	if float64(v.under) >= v.allowed-1 {
		v.allowed = min(float64(v.limits.bodies()), v.allowed+1/max(1, v.allowed/2))
	}
}

// asked halves what is allowed: the target asked for patience with a body that went out at a time. What went out before
// the last halving does not halve again.
func (v *Valve) asked(sent time.Time, why string) {
	v.meter.retry()
	v.mutex.Lock()
	if sent.After(v.slowed) {
		v.allowed, v.slowed = max(1, v.allowed/2), time.Now()
	}
	v.reasons[causeBusy] = reason{text: why, since: time.Now()}
	tell := v.news()
	v.mutex.Unlock()
	tell()
}

// blocked says that the target takes nothing just now and is waited for; "" that it does again.
func (v *Valve) blocked(why string) { v.set(causeBlocked, why) }

// Slow takes one body away and allows no more until it is called with ""; Stop lets nothing new go.
func (v *Valve) slow(why string) {
	v.mutex.Lock()
	if why != "" {
		v.allowed = max(1, v.allowed-1)
	}
	v.mutex.Unlock()
	v.set(causeSlow, why)
}

func (v *Valve) stop(why string) { v.set(causeStop, why) }

func (v *Valve) set(cause, why string) {
	v.mutex.Lock()
	v.because(cause, why)
	v.wake()
	tell := v.news()
	v.mutex.Unlock()
	tell()
}

// because books the reason of a cause, or its end.
func (v *Valve) because(cause, why string) {
	if why == "" {
		delete(v.reasons, cause)
	} else if v.reasons[cause].text == "" {
		v.reasons[cause] = reason{text: why, since: time.Now()}
	} else {
		v.reasons[cause] = reason{text: why, since: v.reasons[cause].since}
	}
}

func (v *Valve) strictest() (string, time.Time) {
	for _, cause := range causes {
		if found := v.reasons[cause]; found.text != "" {
			return found.text, found.since
		}
	}
	return "", time.Time{}
}

// news gives the call that tells of another cause than the one told last, to be made without the lock.
func (v *Valve) news() func() {
	text, _ := v.strictest()
	if text == v.told || v.tell == nil {
		return func() {}
	}
	v.told = text
	tell := v.tell
	return func() { tell(text) }
}
