package cutover

// process.go answers: which process reads the configuration, and did it start anew? Next: command.go.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Process says how a writer's process is found. The first field that is set counts.
type Process struct {
	PID     int    `json:"pid,omitempty"`
	PIDFile string `json:"pidFile,omitempty"`
	// Unit is a systemd unit: "td-agent.service".
	Unit string `json:"unit,omitempty"`
	// Service is a name for the older `service` command, which can restart but not be asked for a process.
	Service string `json:"service,omitempty"`
}

// ProcessState identifies running processes well enough to see later that they were replaced. Numbers are used again
// by the system, so each has the start time with it.
type ProcessState struct {
	PID     int    `json:"pid"`
	Started string `json:"started"`
	// Children are the direct children: the workers of a fluentd supervisor.
	Children []string `json:"children,omitempty"`
}

// pollInterval is how often a process is looked at while waiting for it.
const pollInterval = 50 * time.Millisecond

// String says where the process is looked for.
func (p Process) String() string {
	switch {
	case p.PID != 0:
		return fmt.Sprintf("process %d", p.PID)
	case p.PIDFile != "":
		return "the process in " + p.PIDFile
	case p.Unit != "":
		return "unit " + p.Unit
	case p.Service != "":
		return "service " + p.Service
	}
	return "no process"
}

// find gives the process id.
func (p Process) find(ctx context.Context) (int, error) {
	pid := p.PID
	switch {
	case pid != 0:
	case p.PIDFile != "":
		data, err := os.ReadFile(p.PIDFile)
		if err != nil {
			return 0, problem("start the writer, or correct the path of its pid file", fmt.Errorf("%w: %w", ErrNoProcess, err))
		}
		if pid, err = strconv.Atoi(strings.TrimSpace(string(data))); err != nil || pid < 1 {
			return 0, problem("look at the file", fmt.Errorf("%w: %s holds no process id", ErrNoProcess, p.PIDFile))
		}
	case p.Unit != "":
		output, err := run(ctx, []string{"systemctl", "show", "--property=MainPID", "--value", p.Unit}, nil, commandTimeout)
		if err != nil {
			return 0, err
		}
		if pid, err = strconv.Atoi(strings.TrimSpace(output)); err != nil || pid < 1 {
			return 0, problem("start the unit, or correct its name", fmt.Errorf("%w: unit %s has no main process", ErrNoProcess, p.Unit))
		}
	default:
		return 0, problem("name a pid file, a systemd unit or a command that reloads the writer", ErrNoProcess)
	}
	if !alive(pid) || isZombie(pid) {
		return 0, problem("start the writer", fmt.Errorf("%w: process %d of %s is gone", ErrNoProcess, pid, p))
	}
	return pid, nil
}

// look describes the process now; nil when there is no way to find it.
func (p Process) look(ctx context.Context) *ProcessState {
	pid, err := p.find(ctx)
	if err != nil {
		return nil
	}
	return &ProcessState{PID: pid, Started: startTime(pid), Children: childrenOf(pid)}
}

// statFields gives the fields of /proc/PID/stat behind the command's name, which may itself hold spaces and brackets.
func statFields(pid int) []string {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return nil
	}
	text := string(data)
	return strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
}

// Positions in /proc/PID/stat counted from the field behind the name (man 5 proc: fields 4 and 22).
const (
	statParent = 1
	statStart  = 19
)

// startTime is in ticks since boot; empty where there is no /proc.
func startTime(pid int) string {
	if fields := statFields(pid); len(fields) > statStart {
		return fields[statStart]
	}
	return ""
}

// isZombie says whether a process ended and only waits for its parent to notice.
func isZombie(pid int) bool {
	fields := statFields(pid)
	return len(fields) > 0 && fields[0] == "Z"
}

func childrenOf(pid int) []string {
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	var children []string
	for _, folder := range folders {
		child, err := strconv.Atoi(filepath.Base(folder))
		if err != nil {
			continue
		}
		if fields := statFields(child); len(fields) > statStart && fields[statParent] == strconv.Itoa(pid) {
			children = append(children, strconv.Itoa(child)+"@"+fields[statStart])
		}
	}
	slices.Sort(children)
	return children
}

// runs says whether that very process still runs.
func runs(p ProcessState) bool {
	return alive(p.PID) && startTime(p.PID) == p.Started && !isZombie(p.PID)
}

// renewal is what of a writer is new once it has reloaded.
type renewal int

const (
	renewsNothing renewal = iota // it reads its configuration within the running process
	renewsWorkers                // the supervisor stays, its children are new
	renewsProcess                // the process itself is new
)

// renewed says whether what should be new is.
func renewed(before, now *ProcessState, what renewal) bool {
	if now == nil {
		return false
	}
	if before == nil || what == renewsNothing {
		return true
	}
	if before.PID != now.PID || before.Started != now.Started {
		return true
	}
	if what == renewsProcess || len(now.Children) == 0 {
		return false
	}
	return !slices.ContainsFunc(now.Children, func(child string) bool { return slices.Contains(before.Children, child) })
}

// awaitRenewal waits until what should be new is and what was old is gone: while both run, the old one still takes events and
// sends them where it always did.
func (p Process) awaitRenewal(ctx context.Context, before *ProcessState, what renewal, patience time.Duration) (*ProcessState, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		now := p.look(ctx)
		if renewed(before, now, what) && (what != renewsProcess || before == nil || !runs(*before)) {
			return now, nil
		}
		select {
		case <-ctx.Done():
			return nil, problem("look at the writer's own log for why it refused the configuration", fmt.Errorf("%w: %s was asked to reload, and no new process has taken the place of the old: %w", ErrNotTaken, p, ctx.Err()))
		case <-ticker.C:
		}
	}
}
