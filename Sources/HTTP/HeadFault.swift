/// What is wrong with the lines of a head, whichever side has sent it.
enum HeadFault: Error {
    case startLineTooLong, fieldsTooLarge, tooManyFields
    case bareLineFeed, foldedLine, name, value
}
