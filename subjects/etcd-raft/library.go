package main

import (
	"fmt"
	"reflect"
	"unsafe"

	"go.etcd.io/etcd/raft"
)

// inside is what the library keeps to itself, and an application under test needs.
type inside struct {
	// timeout is the election timeout in ticks. The library draws it from random numbers that all servers of a process
	// share, and that begin with the time of day.
	timeout *int
	// pending is the index up to which a leader takes no other change of the configuration.
	pending *uint64
}

func insideOf(node *raft.RawNode) inside {
	core := reflect.ValueOf(node).Elem().FieldByName("raft").Elem()
	field := func(name string) unsafe.Pointer { return unsafe.Pointer(core.FieldByName(name).UnsafeAddr()) }
	return inside{
		timeout: (*int)(field("randomizedElectionTimeout")),
		pending: (*uint64)(field("pendingConfIndex")),
	}
}

// quiet is a logger that says nothing, except when the library gives up.
type quiet struct{}

func (quiet) Debug(...interface{})            {}
func (quiet) Debugf(string, ...interface{})   {}
func (quiet) Error(...interface{})            {}
func (quiet) Errorf(string, ...interface{})   {}
func (quiet) Info(...interface{})             {}
func (quiet) Infof(string, ...interface{})    {}
func (quiet) Warning(...interface{})          {}
func (quiet) Warningf(string, ...interface{}) {}

func (quiet) Fatal(v ...interface{})            { panic(fmt.Sprint(v...)) }
func (quiet) Fatalf(f string, v ...interface{}) { panic(fmt.Sprintf(f, v...)) }
func (quiet) Panic(v ...interface{})            { panic(fmt.Sprint(v...)) }
func (quiet) Panicf(f string, v ...interface{}) { panic(fmt.Sprintf(f, v...)) }
