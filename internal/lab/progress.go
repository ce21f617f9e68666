package lab

// progress.go answers: what does the lab tell while a person waits?

// Stage is what the lab is doing.
type Stage string

// The stages of a start, in order.
const (
	StageFetch   Stage = "fetch"   // jars come through mvn
	StageCompile Stage = "compile" // the launcher is compiled for this JDK
	StageStart   Stage = "start"   // the node's JVM runs, HTTP doesn't answer yet
	StageReady   Stage = "ready"   // HTTP answers
)

// Event is one piece of progress. The lab never prints; Options.Progress receives these, one at a time.
type Event struct {
	Version string
	Stage   Stage
	// Done of Total jars, while fetching.
	Done, Total int
	// Text is a short sentence for a person.
	Text string
}

func report(progress func(Event), event Event) {
	if progress != nil {
		progress(event)
	}
}
