// Package steps holds the steps of a move, one file each, and looks at both sides before they run.
//
// Read connect.go (who is asked), look.go (the facts), phases.go (which steps in which order), then any step.
package steps
