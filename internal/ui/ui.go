// Package ui shows to a person or a program what the rest does: results on standard output, progress and errors on
// standard error, as text or as JSON. Nothing below it prints.
//
// Read view.go first, then table.go and progress.go.
package ui
